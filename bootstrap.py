"""Make the environment this project runs in, from a bare Python with pip, and go on inside it.

Standard library only, and syntax that Python 3.6 can read: an old Python must get as far as its refusal.
Everything installed is pinned by hash in requirements/. Where packages come from is the machine's business: pip's and
uv's own settings (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf ...) are honoured by both.

BOOTSTRAP=0 leaves the running Python as it is: for images that are built by other means.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed")
OLDEST = (3, 11)
NEEDS_DEVELOPMENT = {"test", "makemigrations"}
LOCKS = ["app", "postgres", "dev", "bench"]  # each holds everything of those before it
ROOM = {"app": 400, "postgres": 400, "dev": 900, "bench": 900}  # megabytes on disk, measured and rounded up

# What pip calls a setting, and what uv calls it.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
UV_SYNONYMS = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}


def enter(argv):
    """Return when this process runs inside the finished environment; otherwise make it and start again in it."""
    if sys.version_info < OLDEST:
        stop("Python {}.{} or newer is needed; this is {}.{}.".format(*(OLDEST + tuple(sys.version_info[:2]))))
    if os.environ.get("BOOTSTRAP") == "0":
        return
    wanted = lock_for(argv)
    python = os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")
    if not (os.path.exists(python) and fresh(wanted)):
        with Lock():
            if not (os.path.exists(python) and fresh(wanted)):
                install(wanted, python)
    elif os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    again(python, argv)


def lock_for(argv):
    """Say which packages a command needs."""
    if len(argv) > 1 and argv[1] in NEEDS_DEVELOPMENT:
        return "dev"
    if len(argv) > 1 and argv[1] == "bench":
        return "bench"
    return "postgres" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "app"


def again(python, argv):
    """Run the same command with the environment's Python."""
    command = [python, *argv]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    os.execv(python, command)


def fresh(wanted):
    """Say whether what is installed is what the lock file asks for."""
    try:
        with open(STAMP) as file:
            return "{} {}".format(wanted, lock_hash(wanted)) in file.read().splitlines()
    except OSError:
        return False


def lock_hash(wanted):
    with open(requirements(wanted), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def requirements(name):
    return os.path.join(ROOT, "requirements", name + ".txt")


def install(wanted, python):
    """Make the environment if there is none, and install what the lock file pins."""
    check_room(wanted)
    print("Installing what this needs into .venv (once; a minute at most on a usual line) ...", flush=True)
    if not os.path.exists(python):
        make_venv(python)
    uv = os.path.join(os.path.dirname(python), "uv.exe" if os.name == "nt" else "uv")
    pinned = ["--no-deps", "--require-hashes", "-r"]
    run([*pip(python), "install", "-q", *pinned, requirements("uv")])
    arguments = ["install", "-q", *pinned, requirements(wanted)]
    by_uv = subprocess.run([uv, "pip", *arguments, "--python", python], env=uv_environment(), stderr=subprocess.PIPE)
    if by_uv.returncode != 0:
        # A package index that only pip can speak to (keyring, odd redirects): slower, the same result.
        run([*pip(python), *arguments])
    names = LOCKS[: LOCKS.index(wanted) + 1]
    with open(STAMP, "w") as file:
        file.write("".join("{} {}\n".format(name, lock_hash(name)) for name in names))


def make_venv(python):
    """Make .venv; without pip of its own where the machine's pip can serve it (Debian may lack ensurepip)."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", *(["--without-pip"] if has_pip() else []), VENV],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode != 0 or not os.path.exists(python):
        explain(made.stdout.decode("utf-8", "replace"), "no environment could be made in .venv")


def has_pip():
    command = [sys.executable, "-m", "pip", "--version"]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def pip(python):
    """Give the command that installs into the environment: the machine's pip, or the environment's own."""
    if has_pip():
        return [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    return [python, "-m", "pip", "--disable-pip-version-check"]


def uv_environment():
    """Give uv this machine's pip settings where it has none of its own: uv does not read them."""
    env = dict(os.environ)
    env.setdefault("UV_SYSTEM_CERTS", "1")
    # Every file is pinned by hash, so it does not matter which index it comes from.
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    for name, value in pip_settings().items():
        uv_name = PIP_TO_UV.get(name)
        if uv_name and uv_name not in env and UV_SYNONYMS.get(uv_name) not in env:
            env[uv_name] = ("," if name == "find-links" else " ").join(value.split())
    return env


def pip_settings():
    """Read pip's settings from its files and from PIP_*; what comes from the environment wins, then `install.`."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    found = {}
    for section in ("global.", "install.", ":env:."):
        for line in listed.stdout.decode("utf-8", "replace").splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section):
                found[name[len(section) :]] = str(ast.literal_eval(value))
    return found


def run(command):
    """Run one step; on failure end with one sentence that says why."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        explain(done.stdout.decode("utf-8", "replace"), "the packages could not be installed")


def explain(output, what):
    """End with the sentence that fits the tool's output."""
    if "No space left" in output or "Errno 28" in output:
        stop("There is no disk space left; free about 1 GB and run the same command again.")
    if "DO NOT MATCH THE HASHES" in output:
        stop("A downloaded package is not the one pinned in requirements/. Check your package index.")
    if "No module named pip" in output or "ensurepip" in output:
        stop("pip is missing. Install it (Debian, Ubuntu: apt install python3-pip) and run the same command again.")
    unreachable = ("NewConnectionError", "name resolution", "Max retries", "unreachable", "No matching distribution",
                   "timed out", "Connection refused", "ProxyError", "ConnectTimeout")  # fmt: skip
    if any(sign in output for sign in unreachable):
        stop(
            "No package index could be reached. The first start needs the network once (or PIP_INDEX_URL, "
            "PIP_FIND_LINKS or a pip.conf that names one you can reach); run the same command again then."
        )
    sys.stderr.write(output)
    stop("Sorry, {}; the reason is above.".format(what))


def check_room(wanted):
    needed = ROOM[wanted]
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < needed:
        stop("There is too little disk space: {} MB free, {} MB needed.".format(free, needed))


def stop(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


class Lock:
    """Two first starts at once wait for each other (where the system has file locks)."""

    def __enter__(self):
        try:
            self.file = open(os.path.join(ROOT, ".bootstrap.lock"), "w")
        except OSError as error:
            stop("This folder cannot be written to: {}.".format(error.strerror))
        try:
            import fcntl

            fcntl.flock(self.file, fcntl.LOCK_EX)
        except ImportError:
            pass

    def __exit__(self, *_):
        self.file.close()
