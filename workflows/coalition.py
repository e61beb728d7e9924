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
from pathlib import Path

from django.conf import settings

from audit import checkpoints, verify_log
from audit.errors import CosignatureRefused
from audit.models import Attestation, AttestationKind, Checkpoint
from audit.witnessing import grown, keep_cosignature

FOLDER = Path(settings.VAR_DIR) / "coalition"
NAME = "coalition.example/witness"
SECONDS = 60

logger = logging.getLogger(__name__)


def begin() -> bool:
    """Make the Coalition's key where it has none, and cosign; whether there was something to cosign.

    A log that holds no cosignature of theirs is a new demonstration's: what they saw of an earlier one is forgotten.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not _file("key").exists():
        _file("vkey").write_text(_run("witness-key", NAME, "--key-file", _file("key")), encoding="utf-8")
    if _last() is None:
        _state().unlink(missing_ok=True)
        # Handed over once, as between people who know each other; what the log says of its keys later is not believed.
        _file("vkeys.txt").write_text(checkpoints.vkeys_text(), encoding="utf-8")
    return cosign_quietly()


def cosign() -> Attestation | None:
    """Cosign the newest head if it holds something new, and bring the signature; None when there was nothing to do."""
    newest = checkpoints.latest()
    if newest is None or not _file("key").exists() or not _is_new(newest):
        return None
    _file("request.txt").write_text(checkpoints.consistency(_seen(newest), newest), encoding="utf-8")
    signed = _run(
        *("witness", _file("request.txt"), "--keys", _file("vkeys.txt")),
        *("--state", _state(), "--key-file", _file("key")),
    )
    return keep_cosignature(signed, by="system")


def cosign_quietly() -> bool:
    """The same for a task: a refusal is said in the worker's log, as the Coalition would say it aloud."""
    try:
        return cosign() is not None
    except CosignatureRefused as refused:
        logger.warning("%s", refused.message)
        return False


def _is_new(newest: Checkpoint) -> bool:
    """Whether there is something to cosign: more than what was recorded about the last cosignature itself."""
    last = _last()
    return last is None or grown(last.checkpoint_id, newest.tree_size)


def _last() -> Attestation | None:
    """The newest head of this log that holds their cosignature."""
    kept = Attestation.objects.filter(kind=AttestationKind.COSIGNATURE, who=NAME)
    return kept.order_by("-checkpoint").first()


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
