"""What becomes known of people and organisations: posts and ties, with what follows for panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError

from directory.errors import BadPost
from directory.forms.acting import ActingForm
from directory.forms.fields import DayField, SelectField, TextField
from directory.models import OrganisationKind, PostKind, TieKind
from directory.permissions import check_may_administer, check_may_appoint, check_may_keep_posts, may_administer
from directory.queries import today
from directory.rules import is_bodys_office
from panels.actions.examination import end_post, end_tie, learn_post, learn_tie
from panels.candidates import organisation_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from directory.models import Organisation, Person, Post, Tie
    from panels.actions.examination import Change

# The two ends of a tie, told from one of them; the symmetric kinds read the same from both.
ENDS = (
    ("neighbour", "is a neighbour of"),
    ("shares_leadership", "shares its leadership with"),
    ("supports", "supplies commissioning support to"),
    ("supports-", "is supplied with commissioning support by"),
    ("member_practice", "is a member practice of"),
    ("member_practice-", "has as a member practice"),
    ("main_provider", "is a main provider to"),
    ("main_provider-", "has as a main provider"),
)


def told(first: str, changes: Iterable[Change]) -> str:
    """What was done, and what follows for the panels."""
    found = [each.sentence for each in changes]
    return " ".join([first, *(found or ["No member of a panel to come is judged otherwise by it."])])


class Known(ActingForm):
    """Something the secretariat records."""

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_may_administer(by)

    def organisation(self, name: str) -> Organisation:
        """The organisation whose code was entered; a fault of the field when there is none."""
        code = str(self.cleaned_data[name]).strip().upper()
        found = organisation_of(code)
        if found is None:
            raise ValidationError(f"No organisation has the code {code}")
        return found


class LearnPost(Known):
    """A post somebody holds or held."""

    title = "Record a post"
    intro = (
        "Posts say what binds a person. Everybody on a panel still to sit on whom this could bear is tested again at "
        "once, and leaves the room where it bars them. Nobody records their own office. A Coalition body's nominations "
        "secretary records its offices, not the secretariat."
    )
    intro_of_a_body = (
        "You record who holds an office of the Coalition body you nominate for, but never your own. Other posts are "
        "recorded by the secretariat of the Board."
    )
    button = "Record the post"
    kind = SelectField(label="Post", choices=[("", "Choose"), *PostKind.choices], missing="Choose the post")
    code = TextField(
        label="Code of the organisation",
        help_text="For example 02Q",
        width="10",
        missing="Enter the organisation's code",
    )
    starts = DayField(label="First day", missing="Enter the first day of the post")
    ends = DayField(
        label="First day it is no longer held", help_text="Leave it empty while they hold the post", required=False
    )

    def __init__(self, *args: Any, person: Person, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = person
        self.place: Organisation | None = None

    def check(self, by: Person) -> None:
        """The secretariat; a Coalition body's nominations secretary, who is asked for its offices alone."""
        check_may_keep_posts(by)
        if not may_administer(by):
            offices = [each for each in PostKind.choices if is_bodys_office(each[0], OrganisationKind.COALITION_BODY)]
            self.intro = self.intro_of_a_body
            self.fields["kind"].choices = [("", "Choose"), *offices]  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """A code the directory knows."""
        self.place = self.organisation("code")
        return str(self.cleaned_data["code"])

    def act(self, by: Person) -> str:
        """Record it."""
        assert self.place is not None
        given = self.cleaned_data
        try:
            check_may_appoint(by, given["kind"], self.place)
        except PermissionDenied as denied:
            raise BadPost(str(denied)) from None
        post, changes = learn_post(
            person=self.person,
            organisation=self.place,
            kind=given["kind"],
            starts=given["starts"],
            ends=given["ends"],
            by=by,
        )
        return told(f"{self.person}: {post.get_kind_display().lower()}, {self.place}, is recorded.", changes)


class EndPost(Known):
    """A post ends."""

    title = "End a post"
    intro = "What a post binds somebody to lasts for some time after it has ended: the rule set says how long."
    button = "End the post"
    ends = DayField(label="First day it is no longer held", missing="Enter the first day without the post")

    def __init__(self, *args: Any, post: Post, **options: Any) -> None:
        super().__init__(*args, **options)
        self.post = post
        self.fields["ends"].initial = today()

    def check(self, by: Person) -> None:
        """Whoever could record it."""
        check_may_appoint(by, self.post.kind, self.post.organisation)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Whose, which and where."""
        return [
            ("Person", str(self.post.person)),
            ("Post", f"{self.post.get_kind_display()}, {self.post.organisation}"),
            ("Since", f"{self.post.starts:%-d %B %Y}"),
        ]

    def act(self, by: Person) -> str:
        """End it."""
        post, changes = end_post(post=self.post, ends=self.cleaned_data["ends"], by=by)
        return told(f"The post of {post.person} at {post.organisation.code} ends on {post.ends:%-d %B %Y}.", changes)


class LearnTie(Known):
    """A tie between two organisations."""

    title = "Record a tie"
    intro = (
        "Ties between organisations say who is a neighbour, a supplier or a provider. Everybody on a panel still to "
        "sit on whom this could bear is tested again at once."
    )
    button = "Record the tie"
    kind = SelectField(label="This organisation", choices=[("", "Choose"), *ENDS], missing="Choose the tie")
    code = TextField(
        label="Code of the other organisation",
        help_text="For example 02Q",
        width="10",
        missing="Enter the other organisation's code",
    )
    starts = DayField(label="First day", missing="Enter the first day of the tie")
    ends = DayField(
        label="First day it no longer stands", help_text="Leave it empty while the tie stands", required=False
    )

    def __init__(self, *args: Any, organisation: Organisation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.one = organisation
        self.other: Organisation | None = None

    def clean_code(self) -> str:
        """A code the directory knows."""
        self.other = self.organisation("code")
        return str(self.cleaned_data["code"])

    def act(self, by: Person) -> str:
        """Record it."""
        assert self.other is not None
        given, kind = self.cleaned_data, TieKind(self.cleaned_data["kind"].rstrip("-"))
        ends = (self.other, self.one) if given["kind"].endswith("-") else (self.one, self.other)
        _, changes = learn_tie(kind=kind, one=ends[0], other=ends[1], starts=given["starts"], ends=given["ends"], by=by)
        return told(f"{ends[0].name} {kind.label} {ends[1].name}: recorded.", changes)


class EndTie(Known):
    """A tie ends."""

    title = "End a tie"
    button = "End the tie"
    ends = DayField(label="First day it no longer stands", missing="Enter the first day without the tie")

    def __init__(self, *args: Any, tie: Tie, **options: Any) -> None:
        super().__init__(*args, **options)
        self.tie = tie
        self.fields["ends"].initial = today()

    def facts(self) -> Sequence[tuple[str, str]]:
        """Between whom, and since when."""
        return [
            ("Tie", f"{self.tie.one} {self.tie.get_kind_display()} {self.tie.other}"),
            ("Since", f"{self.tie.starts:%-d %B %Y}"),
        ]

    def act(self, by: Person) -> str:
        """End it."""
        tie, changes = end_tie(tie=self.tie, ends=self.cleaned_data["ends"], by=by)
        return told(f"The tie of {tie.one.code} and {tie.other.code} ends on {tie.ends:%-d %B %Y}.", changes)
