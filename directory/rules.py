"""What may stand where: tables and predicates over plain values."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from unicodedata import normalize

from directory.models import OrganisationKind as Kind
from directory.models import PostKind, TieKind

BOARD_CODE: Final = "BOARD"
CODE_PATTERN: Final = r"[A-Z0-9]{3,10}"

# The codenames a post gives on its own organisation.
POST_GRANTS: Final[Mapping[PostKind, tuple[str, ...]]] = {
    PostKind.ACCOUNTABLE_OFFICER: ("act_for",),
    PostKind.CHAIR: ("act_for",),
    PostKind.GOVERNING_BODY_MEMBER: (),
    PostKind.EVIDENCE_MANAGER: ("act_for",),
    PostKind.PRACTICE_PARTNER: (),
    PostKind.EMPLOYEE: (),
    PostKind.DESK_TOP_ASSESSOR: ("assess",),
    PostKind.SECOND_READER: ("read_second",),
    PostKind.SECRETARIAT: ("administer",),
    PostKind.REGIONAL_DIRECTOR: ("sign_off",),
    PostKind.AREA_TEAM_CONTACT: ("agree_plan",),
    PostKind.CONFLICTS_GUARDIAN: ("rule_on_conflicts",),
    PostKind.NOMINATIONS_SECRETARY: ("nominate",),
    PostKind.PANEL_MEMBER: (),
    PostKind.AUDITOR: ("audit",),
}

# The kinds of organisation at which a post exists; a kind of post not named here exists at any.
POST_PLACES: Final[Mapping[PostKind, frozenset[Kind]]] = {
    PostKind.ACCOUNTABLE_OFFICER: frozenset({Kind.CCG}),
    PostKind.EVIDENCE_MANAGER: frozenset({Kind.CCG}),
    PostKind.PRACTICE_PARTNER: frozenset({Kind.PRACTICE}),
    PostKind.DESK_TOP_ASSESSOR: frozenset({Kind.BOARD, Kind.REGION, Kind.AREA_TEAM}),
    PostKind.SECOND_READER: frozenset({Kind.BOARD, Kind.REGION, Kind.AREA_TEAM}),
    PostKind.SECRETARIAT: frozenset({Kind.BOARD}),
    PostKind.REGIONAL_DIRECTOR: frozenset({Kind.REGION}),
    PostKind.AREA_TEAM_CONTACT: frozenset({Kind.AREA_TEAM}),
    PostKind.CONFLICTS_GUARDIAN: frozenset({Kind.BOARD, Kind.COALITION_BODY}),
    PostKind.NOMINATIONS_SECRETARY: frozenset(
        {Kind.COALITION_BODY, Kind.BOARD, Kind.REGION, Kind.LOCAL_AUTHORITY, Kind.CCG}
    ),
    PostKind.AUDITOR: frozenset({Kind.BOARD}),
}

# Chairs exist everywhere, but only a clinical commissioning group is answered for.
GRANT_PLACES: Final[Mapping[str, frozenset[Kind]]] = {"act_for": frozenset({Kind.CCG})}

# Offices nobody holds at once: who keeps the record neither rules on what is in it nor audits it.
INCOMPATIBLE: Final = frozenset(
    frozenset({PostKind.SECRETARIAT, other}) for other in (PostKind.CONFLICTS_GUARDIAN, PostKind.AUDITOR)
)

# The offices of the Board that keep, rule on or audit the record of panels, in the words for who holds one.
RECORD_KEEPERS: Final[Mapping[PostKind, str]] = {
    PostKind.SECRETARIAT: "secretary",
    PostKind.CONFLICTS_GUARDIAN: "conflicts guardian",
    PostKind.AUDITOR: "auditor",
}

# The kinds of organisation that `one` and `other` must be; a kind of tie not named here joins two of the same kind.
TIE_ENDS: Final[Mapping[TieKind, tuple[Kind, Kind]]] = {
    TieKind.SUPPORTS: (Kind.COMMISSIONING_SUPPORT, Kind.CCG),
    TieKind.MEMBER_PRACTICE: (Kind.PRACTICE, Kind.CCG),
    TieKind.MAIN_PROVIDER: (Kind.PROVIDER, Kind.CCG),
}

CODENAMES: Final = frozenset(codename for codenames in POST_GRANTS.values() for codename in codenames)


def tidy(text: str) -> str:
    """Text as it is stored: without outer blanks, and with every letter written in one way (NFC)."""
    return normalize("NFC", text).strip()


def grants_of(post: str, organisation: str) -> tuple[str, ...]:
    """Which codenames a kind of post gives at a kind of organisation."""
    everywhere = frozenset(Kind)
    return tuple(c for c in POST_GRANTS[PostKind(post)] if Kind(organisation) in GRANT_PLACES.get(c, everywhere))


def is_office(post: str, organisation: str) -> bool:
    """Whether a kind of post gives anything at a kind of organisation; False for a kind that does not exist."""
    return post in PostKind.values and bool(grants_of(post, organisation))


def is_bodys_office(post: str, organisation: str) -> bool:
    """Whether a kind of post is an office of a Coalition body, which records its offices itself."""
    return Kind(organisation) == Kind.COALITION_BODY and is_office(post, organisation)


def incompatible(one: str, other: str) -> bool:
    """Whether nobody holds these two kinds of post at once, wherever they are."""
    return frozenset({one, other}) in INCOMPATIBLE


def post_exists_at(post: str, organisation: str) -> bool:
    """Whether a kind of organisation has this kind of post."""
    return Kind(organisation) in POST_PLACES.get(PostKind(post), frozenset(Kind))


def tie_joins(tie: str, one: str, other: str) -> bool:
    """Whether this kind of tie can join these two kinds of organisation, in this order."""
    ends = TIE_ENDS.get(TieKind(tie))
    return one == other if ends is None else (one, other) == ends


def in_force(starts: date, ends: date | None, on: date) -> bool:
    """Whether a day lies within `starts` until, not including, `ends`."""
    return starts <= on and (ends is None or on < ends)


def overlap(starts: date, ends: date | None, others_start: date, others_end: date | None) -> bool:
    """Whether two periods share a day or begin on the same one."""
    if starts == others_start:
        return True
    return (others_end is None or starts < others_end) and (ends is None or others_start < ends)
