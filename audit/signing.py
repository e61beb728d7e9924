"""Who signs the log's head, and what it refuses to sign.

A signer keeps its own memory of the last head it signed, outside the database. A restored backup
or a standby that lags would otherwise make a second log of the same name, which nobody outside can
tell from tampering; the signer stops there instead, whatever the database says.

A key in a KMS or HSM implements ``Signer`` and is named by AUDIT_SIGNER. Nothing else knows keys.
"""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from audit import clock, notes
from audit.errors import NoteRefused, ProofRefused, SignerRefused
from audit.keyring import Statement
from audit.merkle import EMPTY_ROOT, check_consistency
from audit.models import Checkpoint
from audit.notes import Head, Note, Signature, SigningKey, VerifierKey

Extends: TypeAlias = Callable[[int], Sequence[bytes]]
UNTIL = " until="


class Signer(Protocol):
    """Signs heads of one log, each an extension of the one before."""

    def sign(self, head: Head, extends: Extends) -> Note:
        """Sign ``head`` or raise SignerRefused; ``extends(old)`` proves that it continues a size signed before."""

    def vouch(self, statement: Statement) -> Sequence[Signature]:
        """Sign what the log is to say of a key of its own."""

    def verifiers(self) -> list[VerifierKey]:
        """The public keys it signs with."""


class Memory(Protocol):
    """The last head a signer signed, where no restored database reaches it."""

    def held(self) -> AbstractContextManager[None]:
        """Keep other signers with this memory waiting."""

    def last(self) -> Head | None:
        """The last head signed; None when the memory is lost."""

    def keep(self, head: Head) -> None:
        """Remember ``head``, for good before this returns."""


class KeepingSigner:
    """Signs with one key, or with several while they change, and never contradicts its memory."""

    def __init__(self, keys: Sequence[SigningKey], memory: Memory) -> None:
        self._keys, self._memory = keys, memory

    def verifiers(self) -> list[VerifierKey]:
        """The public keys it signs with."""
        return [key.verifier for key in self._keys]

    def vouch(self, statement: Statement) -> list[Signature]:
        """Sign with every key, a new one among them: so it is also shown to be held."""
        return [notes.sign(statement.body(), key) for key in self._keys if key.name == statement.key.name]

    def sign(self, head: Head, extends: Extends) -> Note:
        """Remember ``head``, then sign it: what was never remembered never leaves."""
        for key in self._keys:
            if key.name != head.origin:
                raise SignerRefused(
                    f"The key of {key.name} does not sign for {head.origin}: set AUDIT_ORIGIN to the key's name."
                )
        with self._memory.held():
            _check_grows(self._memory.last(), head, extends)
            self._memory.keep(head)
        body = head.body()
        return Note(body, tuple(notes.sign(body, key) for key in self._keys))


class FileMemory:
    """A memory in a file: the text of the last checkpoint, without signatures."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes of this machine waiting, of whichever database."""
        with self._path.with_name(f"{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def last(self) -> Head | None:
        """Read the last head; None when there is no file."""
        try:
            return Head.parse(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (NoteRefused, UnicodeDecodeError) as error:
            raise SignerRefused(f"{self._path} is damaged: {_CURE_MEMORY}") from error

    def keep(self, head: Head) -> None:
        """Write the head so that it survives a loss of power, and never stands there by half."""
        draft = self._path.with_name(f"{self._path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(head.body())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        _sync_folder(self._path)


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One line of a key file: a key, and until when it signs."""

    key: SigningKey
    until: datetime | None = None

    @property
    def signs(self) -> bool:
        """Whether its time has not ended."""
        return self.until is None or clock.real_now() < self.until

    @classmethod
    def parse(cls, line: str) -> "KeptKey":
        """Read ``PRIVATE+KEY+...[ until=<ISO>]``."""
        text, _, until = line.partition(UNTIL)
        return cls(SigningKey.parse(text), datetime.fromisoformat(until) if until else None)

    def __str__(self) -> str:
        return f"{self.key}{UNTIL}{self.until.isoformat()}" if self.until else f"{self.key}"


def signer() -> Signer | None:
    """Return what signs here; None where this process holds no key."""
    made: Signer | None = import_string(settings.AUDIT_SIGNER)()
    return made


def from_files() -> Signer | None:
    """Make the signer of AUDIT_SIGNING_KEY_FILE and AUDIT_SIGNER_STATE; None without a key file."""
    path, memory = Path(settings.AUDIT_SIGNING_KEY_FILE), FileMemory(Path(settings.AUDIT_SIGNER_STATE))
    if not path.is_file():
        return None
    keys = [kept.key for kept in read_keys(path) if kept.signs]
    if not keys:
        raise SignerRefused(f"No key in {path} may sign any more: run manage.py audit_rotate_key.")
    last, origin = memory.last(), settings.AUDIT_ORIGIN
    if last is not None and last.size == 0 and Checkpoint.objects.filter(note__startswith=f"{origin}\n").exists():
        raise SignerRefused(
            f"{settings.AUDIT_SIGNER_STATE} has never signed, and the database holds signed heads: {_CURE_MEMORY}"
        )
    return KeepingSigner(keys, memory)


def make_key(origin: str) -> SigningKey:
    """Write an empty memory and a new key, and return the key. Raises SignerRefused where something was signed.

    The memory first: cut short between the two, it has signed nothing and is taken up again by the same command.
    """
    key = SigningKey.generate(origin, notes.ED25519)
    path, state = Path(settings.AUDIT_SIGNING_KEY_FILE), Path(settings.AUDIT_SIGNER_STATE)
    path.parent.mkdir(parents=True, exist_ok=True)
    state.parent.mkdir(parents=True, exist_ok=True)
    memory = FileMemory(state)
    with memory.held():
        if _holds_key(path):
            raise SignerRefused(_never_over(path, state))
        last = memory.last()
        if last is not None and last.size:
            raise SignerRefused(
                f"{state} remembers what another key signed. To change the key of a log run audit_rotate_key; "
                "for a new log give it an AUDIT_ORIGIN, AUDIT_SIGNING_KEY_FILE and AUDIT_SIGNER_STATE of its own."
            )
        memory.keep(Head(origin, 0, EMPTY_ROOT))
        path.unlink(missing_ok=True)  # an empty file, by a crash or by hand, holds no key
        write_keys(path, [KeptKey(key)], new=True)
    return key


def _holds_key(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _never_over(path: Path, state: Path) -> str:
    if state.exists():
        cure = "run audit_rotate_key to change it, or name another file in AUDIT_SIGNING_KEY_FILE"
    else:
        cure = (
            f"its memory {state} is lost: run audit_recover with the newest checkpoint that anybody holds. Only if it "
            "never signed anything, move the key file away and run audit_keygen again"
        )
    return f"{path} exists, and a key is never written over: {cure}."


def key_at_hand() -> None:
    """Make a key where a machine of its own has none. Raises SignerRefused in a deployment: there somebody decides."""
    if signer() is not None:
        return
    if settings.DEPLOYED:
        raise SignerRefused("This process holds no key, and this signs: make one with manage.py audit_keygen first.")
    make_key(settings.AUDIT_ORIGIN)


def forget_key() -> None:
    """Remove key and memory together with the database they belong to, or the next log would look rewritten."""
    state = Path(settings.AUDIT_SIGNER_STATE)
    for path in (Path(settings.AUDIT_SIGNING_KEY_FILE), state, state.with_name(f"{state.name}.lock")):
        path.unlink(missing_ok=True)


def read_keys(path: Path) -> list[KeptKey]:
    """Read a key file, one key a line. Raises SignerRefused when it cannot be read as one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [KeptKey.parse(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    except (OSError, ValueError) as error:
        raise SignerRefused(
            f"The key file {path} cannot be read ({error}): restore it from where you keep it."
        ) from error
    except NoteRefused as error:
        raise SignerRefused(f"The key file {path} is damaged: {error.message}") from error


def write_keys(path: Path, keys: Sequence[KeptKey], *, new: bool = False) -> None:
    """Write a key file that only its owner reads, whole or not at all; with ``new``, refuse to replace one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.writelines(f"{kept}\n" for kept in keys)
            file.flush()
            os.fsync(file.fileno())
        if new:
            _link(draft, path)
        else:
            Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    _sync_folder(path)


def _link(draft: str, path: Path) -> None:
    """Give the draft its name unless another file has it."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise SignerRefused(_never_over(path, Path(settings.AUDIT_SIGNER_STATE))) from None


def _sync_folder(path: Path) -> None:
    """Bring the name of a file to the disk; its content is there already."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check_grows(last: Head | None, head: Head, extends: Extends) -> None:
    """Raise SignerRefused unless ``head`` continues what was signed last."""
    if last is None:
        raise SignerRefused(f"The signer's memory ({settings.AUDIT_SIGNER_STATE}) is lost: {_CURE_MEMORY}")
    if last.origin != head.origin:
        raise SignerRefused(
            f"This signer's memory is of {last.origin}, not of {head.origin}: "
            "give each log its own AUDIT_SIGNER_STATE, and set AUDIT_ORIGIN to the log's name."
        )
    if head.size < last.size:
        raise SignerRefused(
            f"The log has {head.size} entries and {last.size} were signed before: entries are missing. {_CURE_LOG}"
        )
    if head.size == last.size and head.root == last.root:
        return
    try:
        check_consistency(last.size, head.size, last.root, head.root, extends(last.size))
    except ProofRefused as error:
        raise SignerRefused(
            f"The log of {head.size} entries does not continue the one of {last.size} that was signed before: "
            f"it was rewritten. {_CURE_LOG}"
        ) from error


_CURE_MEMORY = (
    "restore the file from where you keep it, or run manage.py audit_recover with the newest checkpoint "
    "that anybody outside holds."
)
_CURE_LOG = "Restore a database that holds them all; where none is left, begin a new log with manage.py audit_recover."
