"""The record of a case in plain words. Public parts of events only: free text stays with the pages that guard it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.models import Event
from audit.queries import Entry, history
from authorisation.enums import AuthorisationOutcome, Stage, WindowKind
from authorisation.models import Application
from directory.models import Person

ONLY_AFTER_REPORT = frozenset({"desk_top.assessed", "desk_top.second_read", "site_visit.recorded"})
ONLY_AFTER_LETTER = frozenset({"moderation.recommended", "region.signed_off", "response.assessed", "decision.recorded"})
SHOWN, SOME = 200, 8


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    text: str
    by: str


def timeline(case: Application, *, early: bool = False) -> list[Line]:
    """What happened to a case, newest first; three queries. `early`: as the applicant may know it before the letter."""
    entries = history(case.stream, groups=(), limit=SHOWN)
    if early:
        entries = list(_told(entries))
    actors = {each.event.document["actor"] for each in entries}
    people = Person.objects.filter(stream__in=actors)
    names = {person.stream: person.display_name for person in people}
    return [
        Line(each.event.occurred_at, sentence(each.event), names.get(each.event.document["actor"], "The system"))
        for each in entries
    ]


def _told(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Without what waits for the letter, and without what waits for a report that is still to come."""
    reported = False
    for each in entries:
        kind = each.event.event_type
        reported = reported or kind == "report.issued"
        if kind not in ONLY_AFTER_LETTER and (reported or kind not in ONLY_AFTER_REPORT):
            yield each


def sentence(event: Event) -> str:
    """What an event of a case says."""
    say = SENTENCES.get(event.event_type)
    text = event.event_type.replace(".", ": ").replace("_", " ").capitalize()
    return say(event.document["public"]) if say else text


def _found(public: Mapping[str, Any]) -> str:
    met, not_met = public.get("met", ()), public.get("not_met", ())
    if not met and not not_met:
        return "nothing changed"
    parts = [f"{len(met)} met"] if met else []
    parts += [f"{len(not_met)} not met ({_codes(not_met)})"] if not_met else []
    return ", ".join(parts)


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(codes[:SOME]) + (f" and {len(codes) - SOME} more" if len(codes) > SOME else "")


def _proposed(public: Mapping[str, Any]) -> str:
    rows = public.get("conditions", ())
    levels = ", ".join(f"{row[0]} at level {row[1]}{' with a direction' if row[2] else ''}" for row in rows[:SOME])
    number = "1 condition" if len(rows) == 1 else f"{len(rows)} conditions"
    return f"{number}: {levels}{' and others' if len(rows) > SOME else ''}" if rows else "no conditions"


def _window(public: Mapping[str, Any]) -> str:
    return WindowKind(public["kind"]).label.lower()


def _reviewed(public: Mapping[str, Any]) -> str:
    results = [row[1] for row in public.get("results", ())]
    names = {"discharge": "discharged", "keep": "kept", "raise": "raised", "lower": "lowered"}
    told = ", ".join(f"{results.count(key)} {name}" for key, name in names.items() if key in results)
    lifted, given = len(public.get("lifted", ())), len(public.get("given", ()))
    return (
        f"Conditions reviewed in round {public['round']} by {public['panel']}: {told or 'none open'}"
        + (f"; {lifted} directions lifted" if lifted else "")
        + (f"; directions given on {given}" if given else "")
    )


SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "application.opened": lambda p: f"Application opened in wave {p['wave']}",
    "application.submitted": lambda p: f"Application submitted, signed by {p['practices']} practices",
    "desk_top.assessed": lambda p: f"Domain {p['domain']} reviewed at the desk: {_found(p['findings'])}",
    "desk_top.second_read": lambda p: f"Desk-top review read a second time: {_found(p)}",
    "site_visit.arranged": lambda p: f"Site visit arranged before {p['panel']}",
    "site_visit.recorded": lambda p: f"Site visit recorded by {p['panel']}: {_found(p)}",
    "report.issued": lambda p: f"Site-visit report issued to the CCG: {len(p['unmet'])} criteria not met",
    "window.answered": lambda p: (
        f"CCG answered ({_window(p)})" + (" and gave up the days left" if p.get("waived") else "")
    ),
    "window.lapsed": lambda p: f"Time ended without an answer ({_window(p)})",
    "moderation.recommended": lambda p: (
        f"Moderation by {p['panel']} recommends: {AuthorisationOutcome(p['outcome']).label.lower()}"
    ),
    "region.signed_off": lambda _: "Signed off for the region",
    "conditions.proposed": lambda p: f"{p['panel']} proposes {_proposed(p)}",
    "response.assessed": lambda p: f"CCG's answer assessed: {_found(p)}",
    "decision.recorded": lambda p: (
        f"Decided by {p['panel']}: {AuthorisationOutcome(p['outcome']).label.lower()}, {_proposed(p)}"
    ),
    "letter.issued": lambda _: "Decision letter issued",
    "decision.published": lambda _: "Decision published in the register",
    "plan.agreed": lambda p: f"Rectification plan agreed (version {p['version']})",
    "conditions.reviewed": _reviewed,
    "application.deferred": lambda p: f"Deferred from wave {p['from_wave']} to wave {p['to_wave']}; clocks stopped",
    "application.resumed": lambda p: f"Taken up again at: {Stage(p['at']).label.lower()}",
    "application.withdrawn": lambda _: "Application withdrawn",
}
