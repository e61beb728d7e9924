"""The Coalition of the demonstration as witness: a key, a memory and a process of its own.

In earnest all of this is on a machine of the Coalition's (docs/how-to/witness-the-log.md). Here its folder stands
apart, nothing of ours reads its key, and what passes between the two is what passes in earnest: a request for a
cosignature, and a cosigned note.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from audit import attesting, checkpoints, keyring, verify_log
from audit.errors import CosignatureRefused, Refused
from audit.models import Attestation, AttestationKind, Checkpoint
from audit.notes import ED25519
from audit.witnessing import grown, keep_cosignature

FOLDER = Path(settings.VAR_DIR) / "coalition"
NAME = "coalition.example/witness"
SECONDS = 60

logger = logging.getLogger(__name__)


def begin(*, tell: Callable[[str], None] | None = None) -> bool:
    """Make the Coalition's key where it has none, and cosign; whether there was something to cosign.

    It may be called at every start. What the Coalition remembers of this log stays, whatever the tables hold by now:
    they are in the hands of those it watches.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not _file("key").exists():
        _file("vkey").write_text(_run("witness-key", NAME, "--key-file", _file("key")), encoding="utf-8")
    return cosign_quietly(tell=tell)


def forget() -> None:
    """Forget this database's log. Only for whoever has just removed the demonstration's own file, and the log with it.

    In earnest nobody but the Coalition itself could, and it has no reason to.
    """
    for path in (_state(), _keys(), _draft(_keys())):
        path.unlink(missing_ok=True)


def cosign() -> Attestation | None:
    """Cosign the newest head if it holds something new, and bring the signature; None when there was nothing to do."""
    newest = checkpoints.latest()
    if newest is None or not _file("key").exists():
        return None
    # A log that was cut back may hold nothing new, and is refused aloud all the same.
    if _seen(newest) <= newest.tree_size and not _is_new(newest):
        return None
    return keep_cosignature(_signed(newest), by="system")


def cosign_quietly(*, tell: Callable[[str], None] | None = None) -> bool:
    """The same for a task: a refusal is said in the worker's log, as the Coalition would say it aloud."""
    try:
        return cosign() is not None
    except Refused as refused:
        (tell or logger.warning)(refused.message)
        return False


def _signed(newest: Checkpoint) -> str:
    """The head with the Coalition's signature. Raises CosignatureRefused where it does not continue what they saw."""
    seen = _seen(newest)
    if seen > newest.tree_size:
        raise CosignatureRefused(
            f"The Coalition cosigned {seen:,} entries of this log, and it now has {newest.tree_size:,}: it was cut "
            "back or rewritten. Ask its keeper for the reason before anything else is believed."
        )
    _file("request.txt").write_text(checkpoints.consistency(seen, newest), encoding="utf-8")
    first = not _state().exists() and not _keys().exists()
    if first:
        # Handed over once, as between people who know each other.
        _draft(_keys()).write_text(checkpoints.vkeys_text(), encoding="utf-8")
    keys = _draft(_keys()) if first else _trusted()
    asked: list[str | Path] = [
        "witness",
        _file("request.txt"),
        "--keys",
        keys,
        "--state",
        _state(),
        "--key-file",
        _file("key"),
    ]
    signed = _run(*asked, *(["--first"] if first else []))
    if first:
        _draft(_keys()).replace(_keys())
    return signed


def _trusted() -> Path:
    """The keys that the Coalition believes: those it was given, and each that one believed before has introduced."""
    if not _keys().exists() and _draft(_keys()).exists():
        # The first time was cut short, after it was remembered.
        _draft(_keys()).replace(_keys())
    if _keys().exists():
        lines = _keys().read_text(encoding="utf-8").splitlines()
        given = [keyring.PublishedKey.parse(line).key for line in lines if line and not line.startswith("#")]
        followed = keyring.reachable(key for key in given if key.kind == ED25519)
        _draft(_keys()).write_text("".join(f"{each}\n" for each in followed), encoding="utf-8")
        _draft(_keys()).replace(_keys())
    return _keys()


def _is_new(newest: Checkpoint) -> bool:
    """Whether there is something to cosign: more than what was recorded about the last cosignature itself."""
    last = _last()
    return last is None or grown(last.checkpoint_id, newest.tree_size)


def _last() -> Attestation | None:
    """The newest head of this log that holds their cosignature."""
    kept = Attestation.objects.filter(kind=AttestationKind.COSIGNATURE, who=NAME)
    return next(attesting.proven(kept.order_by("-checkpoint")), None)


def _seen(newest: Checkpoint) -> int:
    """How many entries the Coalition has cosigned of this log, by its own memory."""
    if not _state().exists():
        return 0
    heads = json.loads(_state().read_text(encoding="utf-8"))
    size: int = heads.get(checkpoints.origin_of(newest), {"size": 0})["size"]
    return size


def _file(name: str) -> Path:
    return FOLDER / name


def _state() -> Path:
    """Each database of this folder holds a log of its own, under one name."""
    return FOLDER / f"{Path(settings.AUDIT_SIGNER_STATE).stem}.seen"


def _keys() -> Path:
    return _state().with_suffix(".vkeys")


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _run(*arguments: str | Path) -> str:
    """Run the verifier as the Coalition would, by a Python that sees nothing of ours. Raises CosignatureRefused."""
    command = [sys.executable, "-I", verify_log.__file__, *map(str, arguments)]
    try:
        ran = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as late:
        raise CosignatureRefused(f"The Coalition's witness gave no answer in {SECONDS} seconds.") from late
    if ran.returncode:
        raise CosignatureRefused(f"The Coalition's witness did not sign: {ran.stderr.strip() or ran.stdout.strip()}")
    return ran.stdout
