"""The plain facts a test of disinterest is asked about, and the shape of its answer."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

FAMILY = "family"
STATEMENT = "statement"
OTHER = "other"
PREPARED = "prepared"


class Effect(StrEnum):
    """What a disinterest test means for the member, mildest first."""

    CLEAR = "clear"
    DECLARE_ONLY = "declare_only"
    DISCUSS_NO_VOTE = "discuss_no_vote"
    BARRED = "barred"


SEVERITY = {effect: rank for rank, effect in enumerate(Effect)}
MAY_DECIDE = frozenset({Effect.CLEAR, Effect.DECLARE_ONLY})


def months_before(on: date, months: int) -> date:
    """The same day so many calendar months earlier, or the last day of that month when it is shorter."""
    years, month = divmod(on.month - 1 - months, 12)
    year, month = on.year + years, month + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))


def runs_within(starts: date | None, ends: date | None, on: date, months: int) -> bool:
    """Whether something has begun by a day and goes on, or ended less than so many months before.

    `ends` is the first day it no longer stands; None is open on that side.
    """
    return (starts is None or starts <= on) and (ends is None or ends > months_before(on, months))


@dataclass(frozen=True)
class PostFact:
    """A post or membership a person holds or held. `parent` is the code of its organisation's parent, "" for none."""

    organisation: str
    organisation_kind: str
    kind: str
    starts: date
    ends: date | None = None
    parent: str = ""

    def held_within(self, on: date, months: int) -> bool:
        """Whether it is held on a day, or was within so many months before it; `ends` is the first day without it."""
        return runs_within(self.starts, self.ends, on, months)


@dataclass(frozen=True)
class Declared:
    """One interest a person declared: its kind (`own`, `family`, `statement`, ...) and the organisation it names.

    `ends` is the first day it no longer holds; without dates it holds for ever. `made_at` is when it was declared.
    `organisation_kind` and `parent` are of the organisation named, "" where they are not known.
    """

    kind: str
    organisation: str
    starts: date | None = None
    ends: date | None = None
    made_at: datetime | None = None
    organisation_kind: str = ""
    parent: str = ""

    @property
    def since(self) -> date | None:
        """The day it began: as declared, or else the day of the declaration."""
        return self.starts or (self.made_at.date() if self.made_at else None)

    def held_within(self, on: date, months: int) -> bool:
        """Whether the interest is held on a day, or was within so many months before it."""
        return runs_within(self.starts, self.ends, on, months)


@dataclass(frozen=True)
class Role:
    """A part somebody took at one tier of one case: `desk_top`, or the kind of panel they sat on."""

    tier: str
    case_ref: str
    on: date


@dataclass(frozen=True)
class PastCase:
    """A case of an organisation somebody sat on: which, of which cycle (a year, 0 unknown), when last."""

    organisation: str
    case_ref: str
    cycle: int
    on: date


@dataclass(frozen=True)
class Reciprocal:
    """In a cycle, somebody with a post at `judge` has an accepted seat on a panel that judges `judged`."""

    judge: str
    judged: str
    cycle: int


@dataclass(frozen=True)
class MemberFacts:
    """What is known of a member when a test is applied.

    judged_by: the seats over this member's organisations. left: cases they left the room for of their own, and when.
    """

    posts: tuple[PostFact, ...] = ()
    declared_at: datetime | None = None
    declared: frozenset[Declared] = frozenset()
    roles: frozenset[Role] = frozenset()
    past: frozenset[PastCase] = frozenset()
    judged_by: frozenset[Reciprocal] = frozenset()
    left: frozenset[tuple[str, date]] = frozenset()


@dataclass(frozen=True)
class CaseFacts:
    """What is known of the case and of the organisation under review.

    ref, cycle: of the case; "" and 0 when only the organisation is asked about. parent: code of the organisation's
    parent, its area team. provider_mates: other organisations by code, with a main provider they share. named:
    organisations named as beneficiaries in a proposed direction of the case.
    """

    code: str
    ref: str = ""
    cycle: int = 0
    parent: str = ""
    neighbours: frozenset[str] = frozenset()
    practices: frozenset[str] = frozenset()
    sharers: frozenset[str] = frozenset()
    supporters: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    provider_mates: Mapping[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TestResult:
    """What one test answered and the sentence that explains it."""

    __test__ = False  # not a pytest class

    rule: str
    effect: Effect
    sentence: str
