"""Members are tested again when a post or a tie is learnt, ends or expires: what was clear may bar now (I3).

The directory knows nothing of panels, so pages call the acts here: the directory's act and the examination that follows
from it, in one transaction, the panels locked first as in every act on a seat. What came by another way (an import, a
day that has come) is found by the sweep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from audit import clock
from audit.actions import record, settle
from directory.actions import posts, ties
from directory.models import Organisation, Person, Post, PostKind, Tie, TieKind
from directory.permissions import check_may_administer, check_may_appoint
from directory.queries import today
from panels.actions.items import settle_items
from panels.models import LIVE, Appointment, DisinterestCheck, Item, ItemState, Nomination, Panel, Recusal
from panels.queries import answers_now, store_checks
from panels.rules import Effect, TestResult, verdict
from panels.stale import Pair, stale, touched

if TYPE_CHECKING:
    from panels.permissions import Actor

Tested = tuple[Appointment, Item, list[TestResult]]


@dataclass(frozen=True)
class Change:
    """What the tests say otherwise than before, of one member for one case."""

    person: str
    organisation: str
    panel: str
    after: TestResult
    left: bool

    @property
    def sentence(self) -> str:
        """For whoever recorded it: "Dr X is now barred from 02Q on PAN-0004 (D4) and has left the room."."""
        now = {
            Effect.CLEAR: "clear of every test for",
            Effect.DECLARE_ONLY: "to declare an interest for",
            Effect.DISCUSS_NO_VOTE: "without a vote for",
            Effect.BARRED: "barred from",
        }[self.after.effect]
        rule = f" ({self.after.rule})" if self.after.effect is not Effect.CLEAR else ""
        left = " and has left the room" if self.left else ""
        return f"{self.person} is now {now} {self.organisation} on {self.panel}{rule}{left}."


@transaction.atomic
def examine_again(*, panels: Iterable[Panel], why: str, by: Actor) -> list[Change]:
    """Test every live member of these panels for the cases not closed, and keep each answer that is new.

    why: a short key for the log, such as "post.appointed". A member now barred leaves an open item at once. An event
    where an answer changed, or something was learnt after a test that could have changed it; none otherwise. The same
    number of queries for each panel. Whoever made known what is new was allowed to: nobody is asked again.
    """
    keys = [each.pk for each in panels]
    locked = list(Panel.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    old = stale(keys) if keys else {}
    return [change for panel in locked for change in _examine(panel, old.get(panel.pk, set()), why, by)]


def _examine(panel: Panel, old: Collection[Pair], why: str, by: Actor) -> list[Change]:
    rows = panel.appointments.filter(state__in=LIVE).select_related("seat", "person", "nomination__body")
    members, listed = list(rows.order_by("seat__number", "rank")), _to_come(panel)
    if not members or not listed:
        return []
    before = _latest(members, listed)
    tested = answers_now(panel, members, listed)
    changed = [each for each in tested if _said(each[2]) != before.get(_pair(each))]
    news = {*old, *map(_pair, changed)}
    kept = [each for each in tested if _pair(each) in news]
    if not kept:
        return []
    event = record(panel, "members.examined", by=by, ruleset=panel.ruleset, public=_public(why, kept, changed))
    settle(panel)
    store_checks(event, "examined", kept, clock.now())
    settle_items(event, panel, "examine_again")
    left = set(Recusal.objects.filter(event=event).values_list("appointment_id", "item_id"))
    return [_change(panel, each, left) for each in changed]


def _pair(tested: Tested) -> Pair:
    return tested[0].pk, tested[1].pk


def _to_come(panel: Panel) -> list[Item]:
    rows = panel.items.filter(sitting__closed_at__isnull=True).exclude(state=ItemState.CLOSED)
    return list(rows.select_related("organisation__parent", "sitting").order_by("pk"))


def _latest(members: Sequence[Appointment], listed: Sequence[Item]) -> dict[Pair, frozenset[tuple[str, str, str]]]:
    """What was last said of each member for each item."""
    of = DisinterestCheck.objects.filter(appointment__in=members, item__in=listed)
    last = of.order_by().values("appointment", "item").annotate(last=Max("pk")).values("last")
    rows = DisinterestCheck.objects.filter(pk__in=last).values_list("appointment_id", "item_id", "results")
    return {
        (appointment, item): _keys((each["rule"], each["effect"], each["sentence"]) for each in results)
        for appointment, item, results in rows
    }


def _said(results: Iterable[TestResult]) -> frozenset[tuple[str, str, str]]:
    return _keys((each.rule, each.effect.value, each.sentence) for each in results)


def _keys(results: Iterable[tuple[str, str, str]]) -> frozenset[tuple[str, str, str]]:
    """What is not clear, and why; the age of a declaration grows with every day and is no news."""
    return frozenset(
        (rule, effect, "" if rule == "D14" else sentence)
        for rule, effect, sentence in results
        if effect != Effect.CLEAR
    )


def _public(why: str, kept: Sequence[Tested], changed: Sequence[Tested]) -> dict[str, Any]:
    now = [(each, item, verdict(results)) for each, item, results in changed]
    return {
        "why": why,
        "tested": len(kept),
        "changed": [
            {
                "person": each.person.stream,
                "case": item.case_ref,
                "effect": said.effect.value,
                "rule": said.rule if said.effect is not Effect.CLEAR else "",
            }
            for each, item, said in now
        ],
    }


def _change(panel: Panel, tested: Tested, left: Collection[Pair]) -> Change:
    each, item, results = tested
    return Change(
        each.person.display_name, item.organisation.code, panel.ref, verdict(results), (each.pk, item.pk) in left
    )


def _locked(panels: QuerySet[Panel]) -> list[Panel]:
    """The panels first, so that no item opens on what is about to change."""
    return list(Panel.objects.select_for_update().filter(pk__in=panels.values("pk")).order_by("pk"))


@transaction.atomic
def learn_post(
    *,
    person: Person,
    organisation: Organisation,
    kind: PostKind | str,
    starts: date,
    by: Actor,
    ends: date | None = None,
    title: str = "",
) -> tuple[Post, list[Change]]:
    """Record a post somebody holds or held, and test again whom it could bear on; see `directory.actions.posts`."""
    check_may_appoint(by, kind, organisation)
    panels = _locked(touched(people=[person.pk], organisations=[organisation.pk]))
    post = posts.appoint(
        person=person, organisation=organisation, kind=kind, starts=starts, ends=ends, title=title, by=by
    )
    return post, examine_again(panels=panels, why="post.appointed", by=by)


@transaction.atomic
def end_post(*, post: Post, ends: date, by: Actor) -> tuple[Post, list[Change]]:
    """Let a post end, and test again whom it could bear on; `ends` is the first day it is no longer held."""
    check_may_appoint(by, post.kind, post.organisation)
    panels = _locked(touched(people=[post.person_id], organisations=[post.organisation_id]))
    ended = posts.end_post(post=post, ends=ends, by=by)
    return ended, examine_again(panels=panels, why="post.ended", by=by)


@transaction.atomic
def learn_tie(
    *,
    kind: TieKind | str,
    one: Organisation,
    other: Organisation,
    starts: date,
    by: Actor,
    ends: date | None = None,
    source: str = "",
) -> tuple[Tie, list[Change]]:
    """Record a tie between two organisations, and test again whom it could bear on; see `directory.actions.ties`."""
    check_may_administer(by)
    panels = _locked(touched(organisations=[one.pk, other.pk]))
    tie = ties.add_tie(kind=kind, one=one, other=other, starts=starts, ends=ends, source=source, by=by)
    return tie, examine_again(panels=panels, why="tie.added", by=by)


@transaction.atomic
def end_tie(*, tie: Tie, ends: date, by: Actor) -> tuple[Tie, list[Change]]:
    """Let a tie end, and test again whom it could bear on; `ends` is the first day it no longer stands."""
    check_may_administer(by)
    panels = _locked(touched(organisations=[tie.one_id, tie.other_id]))
    ended = ties.end_tie(tie=tie, ends=ends, by=by)
    return ended, examine_again(panels=panels, why="tie.ended", by=by)


class _Swept:
    """What the last sweep of this process had seen; it only saves work."""

    seen: tuple[object, ...] = ()


def sweep_stale(*, by: Actor = "system") -> int:
    """Test again whoever was tested before something was learnt; how many answers changed.

    For imports, posts that expire and days that come. Four small queries when nothing was learnt since the last sweep
    of this process. Late or twice does no harm: opening and deciding an item test everybody anyway.
    """
    seen = (today(), *(_mark(model) for model in (Post, Tie, Nomination)))
    if seen == _Swept.seen:
        return 0
    changed = 0
    for key in sorted(stale()):
        changed += len(examine_again(panels=[Panel(pk=key)], why="sweep", by=by))
    _Swept.seen = seen
    return changed


def _mark(model: Any) -> tuple[int | None, int]:
    found: Mapping[str, Any] = model.objects.aggregate(last=Max("event"), rows=Count("pk"))
    return found["last"], found["rows"]
