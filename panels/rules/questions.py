"""What every test of disinterest is asked, and what ties the member asked about to organisations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from panels.rules.shapes import CaseFacts, Declared, MemberFacts, PostFact

# The test that judges a declared interest which names the organisation under review itself.
JUDGED_BY = {
    "own": "D1",
    "post": "D1",
    "practice": "D2",
    "neighbour": "D4",
    "support": "D6",
    "provider": "D7",
}
# What close family holds, while D8 asks the other tests about it.
RELATIVE = "relative"


@dataclass(frozen=True)
class Held:
    """What ties a member to an organisation: a post, or an interest they declared.

    `owner` and `has` begin a clause: "own organisation", "is chair of". `rule` is the test that judges it when it names
    the organisation under review itself.
    """

    place: str
    place_kind: str
    parent: str
    owner: str
    has: str
    rule: str
    starts: date | None
    ends: date | None


@dataclass(frozen=True)
class Question:
    """One member, one seat, one case, one day: what every test is asked. `tier` is the kind of panel that asks."""

    member: MemberFacts
    case: CaseFacts
    seat: str
    at: datetime
    windows: Mapping[str, int]
    tier: str = ""

    @property
    def on(self) -> date:
        """The day of the question."""
        return self.at.date()

    @cached_property
    def holdings(self) -> tuple[Held, ...]:
        """Everything that ties the member to an organisation; worked out once for all tests."""
        return tuple(_holdings(self.member, self.on))


def day(on: date) -> str:
    """A day as sentences say it."""
    return f"{on:%-d %B %Y}"


def _holdings(member: MemberFacts, on: date) -> Iterator[Held]:
    """Posts first, in the order given; then what was declared, in the order of its organisations."""
    for post in member.posts:
        yield Held(
            post.organisation,
            post.organisation_kind,
            post.parent,
            owner="own organisation",
            has=_post(post, on),
            rule="D1",
            starts=post.starts,
            ends=post.ends,
        )
    for each in sorted(member.declared, key=lambda each: (each.organisation, each.kind)):
        if each.kind in JUDGED_BY or each.kind == RELATIVE:
            yield _interest(each)


def _post(post: PostFact, on: date) -> str:
    until = f" until {day(post.ends)}" if post.ends and post.ends <= on else ""
    return f"{'was' if until else 'is'} {post.kind.replace('_', ' ')}{until} of"


def _interest(each: Declared) -> Held:
    family = each.kind == RELATIVE
    return Held(
        each.organisation,
        each.organisation_kind,
        each.parent,
        owner="close family's organisation" if family else "declared organisation",
        has="close family has an interest in" if family else "declared an interest in",
        rule=JUDGED_BY.get(each.kind, "D1"),
        starts=each.starts,
        ends=each.ends,
    )
