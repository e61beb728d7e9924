"""What the pages of the log are told by the layers above: who may, and what streams are called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Check = Callable[[Any], None]
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Named:
    """What a stream is called, what it is of, and where its own page is."""

    text: str
    kind: str = ""
    address: str = ""


@dataclass(frozen=True)
class House:
    """The house the log is kept in.

    check_audits, check_brings_cosignature: raise PermissionDenied. named: streams to names; unknown ones are left
    out. found: the streams behind a reference, a code or a part of somebody's name. people: those of it that are
    somebody's. offices, holders: what somebody may be appointed as, and the streams of all who ever were. document: the
    SHA-256 of a file that was sent out, to the hash of the entry that its code proves.
    """

    check_audits: Check
    check_brings_cosignature: Check
    named: Callable[[Collection[str]], Mapping[str, Named]]
    found: Callable[[str], Collection[str]]
    people: Callable[[str], Collection[str]]
    offices: Callable[[], Choices]
    holders: Callable[[str], Iterable[str]]
    document: Callable[[str], str | None]
