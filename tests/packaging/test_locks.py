"""What gets installed, and what tracked files may not say."""

import re
import subprocess
import tomllib

import pytest

LOCKS = ["app", "postgres", "dev", "bench", "uv"]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
# Put together here, or this file would find itself.
REGISTRIES = [
    "pypi" + ".org",
    "files.pythonhosted" + ".org",
    "registry." + "npmjs" + ".org",
    "registry." + "yarnpkg" + ".com",
]


def pins(root, name):
    return dict(PIN.findall((root / "requirements" / f"{name}.txt").read_text()))


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_every_package_by_hash(root, name):
    entries = re.split(r"\n(?=[a-z0-9])", (root / "requirements" / f"{name}.txt").read_text().strip())
    assert [entry.split("\n")[0] for entry in entries if not PIN.match(entry) or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_address(root, name):
    assert "://" not in (root / "requirements" / f"{name}.txt").read_text()


@pytest.mark.parametrize(("larger", "smaller"), [("postgres", "app"), ("dev", "postgres"), ("bench", "dev")])
def test_larger_lock_holds_the_smaller_one(root, larger, smaller):
    held = pins(root, larger)
    assert {name: held.get(name) for name in pins(root, smaller)} == pins(root, smaller)


def test_lock_holds_every_dependency(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    named = {re.match(r"[A-Za-z0-9-]+", line).group().lower() for line in project["dependencies"]}
    assert named - set(pins(root, "app")) == set()


def test_every_dependency_says_why(root):
    lines = [
        line for line in (root / "pyproject.toml").read_text().splitlines() if re.match(r'    "[A-Za-z0-9-]+', line)
    ]
    mute = [line for line in lines if re.search(r"(==|>=)[0-9]", line) and "# " not in line]
    assert mute == []


def test_tracked_files_name_no_registry(root):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("This is not a git checkout. Cure: run the tests in a clone.")
    paths = [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    guilty = [str(path) for path in paths if any(host.encode() in path.read_bytes() for host in REGISTRIES)]
    assert guilty == []
