"""Is it allowed now? Each `check_x` raises a Refused that names the thing and the cure."""

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from directory.errors import BadOrganisation, BadPerson, BadPost, BadTie
from directory.models import Organisation, OrganisationKind, Person, Post, PostKind, TieKind
from directory.models.people import ERASED_DOMAIN
from directory.rows import NewOrganisation, NewPerson, NewPost, NewTie
from directory.rules import (
    BOARD_CODE,
    CODE_PATTERN,
    incompatible,
    is_bodys_office,
    is_office,
    post_exists_at,
    tie_joins,
)

if TYPE_CHECKING:
    from directory.permissions import Actor

_CODE = re.compile(CODE_PATTERN)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NAME_LENGTH = 200
_POSTCODE_LENGTH = 10


def check_person(row: NewPerson) -> None:
    """Raise unless the name and the address can be recorded. Messages go to the person who typed them."""
    if row.email.strip().lower().endswith(f"@{ERASED_DOMAIN}"):
        raise BadPerson(f"Addresses at {ERASED_DOMAIN} stand for people who were erased: use another one.")
    if not row.full_name.strip() or _CONTROL.search(row.full_name):
        raise BadPerson("A person needs a name of printable characters: type the full name.")
    for text, limit in ((row.full_name, 150), (row.title, 30), (row.email, 254)):
        if len(text) > limit:
            raise BadPerson(f"'{text[:30]}…' is longer than {limit} characters: shorten it.")
    try:
        validate_email(row.email.strip())
    except ValidationError:
        raise BadPerson(f"'{row.email}' is not an e-mail address: type one like name@example.org.") from None


def check_not_erased(person: Person) -> None:
    """Raise when there is nobody behind the record any more."""
    if person.erased:
        raise BadPerson("This person was erased by order: add them anew, as somebody else.")


def check_can_be_erased(person: Person, *others: Person) -> None:
    """Raise while the person is at work, or has a hand in the order."""
    if any(person.pk == each.pk for each in others):
        raise BadPerson("Nobody erases themselves, or allows it: two other people do.")
    if held := Post.objects.filter(person=person, in_force=True).count():
        raise BadPerson(f"{person.display_name} holds posts in force ({held}): end them first.")


def organisation_faults(row: NewOrganisation) -> list[str]:
    """Everything that is wrong with an organisation's own values, as sentences."""
    faults = []
    if row.kind not in OrganisationKind.values:
        faults.append(f"kind '{row.kind[:30]}' is unknown; use one of {', '.join(OrganisationKind.values)}")
    if not _CODE.fullmatch(row.code):
        faults.append(f"code '{row.code[:20]}' must be 3 to 10 capital letters and digits")
    if (row.code == BOARD_CODE) != (row.kind == OrganisationKind.BOARD):
        faults.append(f"the code {BOARD_CODE} and the kind 'board' belong together, to one organisation")
    if not row.name.strip():
        faults.append("the name is missing")
    for label, value, limit in (("name", row.name, _NAME_LENGTH), ("postcode", row.postcode, _POSTCODE_LENGTH)):
        if len(value) > limit:
            faults.append(f"{label} '{value[:20]}…' is longer than {limit} characters")
        if _CONTROL.search(value):
            faults.append(f"the {label} holds a line break or another control character")
    if row.opened and row.closed and row.closed < row.opened:
        faults.append(f"closed {row.closed} lies before opened {row.opened}")
    if row.parent_code and row.parent_code == row.code:
        faults.append("an organisation cannot be its own parent")
    return faults


def check_organisation(row: NewOrganisation) -> None:
    """Raise with every fault of the row."""
    if faults := organisation_faults(row):
        raise BadOrganisation(f"Organisation {row.code[:20]}: {'; '.join(faults)}.")


def check_tie(row: NewTie) -> None:
    """Raise unless this tie can join these two organisations."""
    names = f"{row.one.code} and {row.other.code}"
    if row.kind not in TieKind.values:
        raise BadTie(f"'{row.kind}' is not a kind of tie; use one of {', '.join(TieKind.values)}.")
    if row.one.pk == row.other.pk:
        raise BadTie(f"{row.one.code} cannot be tied to itself: name two organisations.")
    if not tie_joins(row.kind, row.one.kind, row.other.kind):
        raise BadTie(f"'{TieKind(row.kind).label}' cannot join {names}: check their kinds and their order.")
    if row.ends is not None and row.ends <= row.starts:
        raise BadTie(f"The tie of {names} would end on {row.ends}, before it starts on {row.starts}: correct a date.")


def check_post(row: NewPost) -> None:
    """Raise unless this person can take this post at this organisation."""
    if row.kind not in PostKind.values:
        raise BadPost(f"'{row.kind}' is not a kind of post; use one of {', '.join(PostKind.values)}.")
    label, place = PostKind(row.kind).label, row.organisation
    if not post_exists_at(row.kind, place.kind):
        raise BadPost(f"{place.code} has no post of {label.lower()}: choose an organisation of another kind.")
    if not row.person.is_active:
        raise BadPost(f"{row.person.display_name} is deactivated: reactivate the person first.")
    if row.ends is not None and row.ends <= row.starts:
        raise BadPost(f"The post of {label.lower()} would end on {row.ends}, not after its start: correct a date.")
    if place.closed is not None and row.starts > place.closed:
        raise BadPost(f"{place.code} closed on {place.closed}: appoint to the organisation that follows it.")


def check_own_office(person: Person, kind: str, place: Organisation, by: "Actor") -> None:
    """Raise when somebody would record an office for themselves, or a longer hold on one."""
    if isinstance(by, str) or by.pk != person.pk or not is_office(kind, place.kind):
        return
    body = is_bodys_office(kind, place.kind)
    other = f"another nominations secretary of {place.name}" if body else "somebody else of the secretariat"
    raise BadPost(f"You cannot record your own office: {other} does.")


def check_beside(row: NewPost, kind: str, code: str) -> None:
    """Raise when the post cannot be held beside another that the person holds in the same time: its kind and where."""
    held, wanted = PostKind(kind).label.lower(), PostKind(row.kind).label.lower()
    if (kind, code) == (row.kind, row.organisation.code):
        raise BadPost(
            f"{row.person.display_name} already holds the post of {held} at {code} in that time: end that post first."
        )
    if incompatible(kind, row.kind):
        raise BadPost(
            f"{row.person.display_name} holds the post of {held} at {code} in that time, and nobody holds that of "
            f"{wanted} beside it: end that post first, or appoint somebody else."
        )


def check_post_can_end(post: Post, ends: date, today: date) -> None:
    """Raise unless the post may be given this end."""
    if ends < post.starts:
        raise BadPost(f"The post starts on {post.starts}; it cannot end on {ends}: choose a later date.")
    if post.ends is not None and post.ends <= today:
        raise BadPost(f"The post already ended on {post.ends}: record a new post instead.")


def check_can_close(organisation: Organisation, closed: date) -> None:
    """Raise while somebody would still hold a post there after the last day."""
    if organisation.closed is not None:
        raise BadOrganisation(f"{organisation.code} already closed on {organisation.closed}.")
    check_organisation(
        NewOrganisation(
            kind=organisation.kind,
            code=organisation.code,
            name=organisation.name,
            opened=organisation.opened,
            closed=closed,
        )
    )
    # A post that lasts through the last day ends on the day after.
    held = organisation.posts.exclude(ends__lte=closed + timedelta(days=1)).count()
    if held:
        raise BadOrganisation(f"Posts at {organisation.code} last beyond {closed} ({held}): end them first.")
