"""What callers hand to the bulk actions: plain values, one class for each table."""

from dataclasses import dataclass
from datetime import date

from directory.models import Organisation, OrganisationKind, Person, PostKind, TieKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    full_name: str
    email: str
    title: str = ""
    synthetic: bool = False
    # None: cannot sign in with a password until one is set.
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganisation:
    kind: OrganisationKind | str
    code: str
    name: str
    opened: date | None = None
    closed: date | None = None
    postcode: str = ""
    parent_code: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTie:
    kind: TieKind | str
    one: Organisation
    other: Organisation
    starts: date
    ends: date | None = None
    source: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    person: Person
    organisation: Organisation
    kind: PostKind | str
    starts: date
    ends: date | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """One message to one person; what each part must be says `directory.actions.messages.write`."""

    to: Person
    kind: str
    subject: str
    text: str
    link: str
    about: str = ""
