"""What was recorded stands as it was, with its event, on one application, under one rule set (I7, I8, I9)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from json import loads
from typing import Any

from django.db.models import Count, F

from audit.models import Event
from authorisation.enums import Stage, Tier
from authorisation.invariants.asking import CHUNK, ask, told
from authorisation.models import Application, Condition, Decision, Finding, Letter, RuleSet, WaveMove

# ruff: noqa: S608  the statements are built from our own constants


def letters_altered() -> list[str]:
    """I7: every letter is the one whose hash was recorded with it."""
    faults = []
    for letter in Letter.objects.select_related("event", "decision__application").order_by("pk").iterator(100):
        sha256 = hashlib.sha256(bytes(letter.pdf)).hexdigest()
        if {sha256} != {letter.sha256, letter.event.document["public"].get("sha256")}:
            faults.append(f"The letter on {letter.decision.application.ref} is not the one that was sent.")
    return told(faults)


def findings_altered() -> list[str]:
    """I7: as many criteria are found met and not met as each event says; none is turned round, lost or added."""
    counted: dict[int, list[int]] = {}
    rows = Finding.objects.order_by().values_list("event_id", "met").annotate(number=Count("pk"))
    for event_id, met, number in rows.exclude(tier=Tier.DECISION).iterator(CHUNK):
        counted.setdefault(event_id, [0, 0])[not met] = number
    types = ("desk_top.assessed", "desk_top.second_read", "site_visit.recorded", "response.assessed")
    faults = []
    events = Event.objects.filter(event_type__in=types).order_by("id").values_list("id", "stream", "leaf")
    for event_id, stream, leaf in events.iterator(CHUNK):
        public = loads(bytes(leaf))["public"]
        public = public.get("findings", public)
        said = [len(public.get("met", ())), len(public.get("not_met", ()))]
        if counted.pop(event_id, [0, 0]) != said:
            faults.append(f"{stream}: the findings of event {event_id} are not those it recorded.")
    return told(faults + [f"Findings name event {event_id}, which records none." for event_id in sorted(counted)])


def decisions_altered() -> list[str]:
    """I7: every decision and its conditions are those its event recorded."""
    imposed: dict[int, dict[str, str]] = {}
    rows = Condition.objects.values_list("decision_id", "criterion__code", "level")
    for decision, code, level in rows.iterator(CHUNK):
        imposed.setdefault(decision, {})[code] = level
    faults = []
    for row in Decision.objects.select_related("event", "application").order_by("pk").iterator(CHUNK):
        public: dict[str, Any] = row.event.document["public"]
        recorded = {code for code, *_ in public.get("conditions", ())}
        if row.outcome != public.get("outcome") or recorded != imposed.get(row.pk, {}).keys():
            faults.append(f"The decision on {row.application.ref} is not the one its event recorded.")
    return told(faults)


# Every event of a type has its row in a table, and every row of the table an event of that type.
_ROW_OF = {
    "application.submitted": "submission",
    "report.issued": "report",
    "region.signed_off": "signoff",
    "decision.recorded": "decision",
    "letter.issued": "letter",
    "decision.published": "publication",
    "plan.agreed": "rectificationplan",
    "conditions.reviewed": "applicationreview",
    "application.deferred": "wavemove",
    "window.answered": "windowanswer",
}


def events_without_change() -> list[str]:
    """I8: what an event says happened stands in its table, and nothing stands there without such an event."""
    faults = []
    for event_type, name in _ROW_OF.items():
        table = f"authorisation_{name}"
        faults += ask(
            f"Event {{0}} ({event_type}) of {{1}} has no row in {table}.",
            f"SELECT e.id, e.stream FROM audit_event e WHERE e.event_type = '{event_type}' "
            f"AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.event_id = e.id) ORDER BY e.id",
        )
        faults += ask(
            f"Row {{0}} of {table} names event {{1}} ({{2}}), which says something else.",
            f"SELECT t.id, e.id, e.event_type FROM {table} t JOIN audit_event e ON e.id = t.event_id "
            f"WHERE e.event_type <> '{event_type}' ORDER BY t.id",
        )
    return faults


_OF_CASE = (
    "submission",
    "finding",
    "report",
    "recommendation",
    "proposedcondition",
    "signoff",
    "decision",
    "publication",
    "applicationreview",
    "rectificationplan",
    "wavemove",
    "window",
    "condition",
    "direction",
)


def rows_of_other_streams() -> list[str]:
    """I8: every row about an application names an event of that application's own stream."""
    faults = []
    for name in _OF_CASE:
        faults += [
            sentence
            for sentence in ask(
                f"{{0}} rows of authorisation_{name} name an event that is not of their application.",
                f"SELECT COUNT(*) FROM authorisation_{name} t JOIN audit_event e ON e.id = t.event_id "
                "JOIN authorisation_application x ON x.id = t.application_id WHERE x.stream <> e.stream",
            )
            if not sentence.startswith("0 ")
        ]
    return faults


def doubled_applications() -> list[str]:
    """I9: a CCG has one application in a cycle, withdrawn ones apart, and each is in the flow."""
    live = Application.objects.exclude(stage=Stage.WITHDRAWN).order_by()
    doubled = live.values("ccg__code", "cycle").annotate(number=Count("pk")).filter(number__gt=1)
    lost = Application.objects.filter(process__isnull=True).values_list("ref", flat=True)
    return told(
        [f"{row['ccg__code']} has {row['number']} applications in {row['cycle']}." for row in doubled]
        + [f"{ref} is in no process." for ref in lost]
    )


def waves_apart() -> list[str]:
    """I9: an application stands in the wave its last move took it to, and in one of its own cycle."""
    last: dict[int, tuple[int, str]] = {}
    faults = []
    columns = ("application_id", "from_wave_id", "to_wave_id", "application__ref")
    moves = WaveMove.objects.order_by("pk").values_list(*columns)
    for application, left, reached, ref in moves.iterator(CHUNK):
        if application in last and last[application][0] != left:
            faults.append(f"{ref} was moved from a wave it did not stand in.")
        last[application] = (reached, ref)
    standing = dict(Application.objects.filter(pk__in=list(last)).values_list("pk", "wave_id")) if last else {}
    faults += [
        f"{ref} stands in another wave than its last move." for pk, (wave, ref) in last.items() if standing[pk] != wave
    ]
    foreign = Application.objects.exclude(wave__cycle=F("cycle")).values_list("ref", flat=True)
    return told(faults + [f"{ref} is in a wave of another cycle." for ref in foreign])


def foreign_rules() -> list[str]:
    """I9: every application is judged under the rule set pinned to it when it was opened, unaltered since."""
    shas = dict(RuleSet.objects.values_list("pk", "sha256"))
    faults = [
        f"Rule set {row.version} is not the file whose hash was recorded."
        for row in RuleSet.objects.only("version", "source", "sha256")
        if hashlib.sha256(row.source.encode()).hexdigest() != row.sha256
    ]
    pinned = dict(Application.objects.values_list("stream", "ruleset_id"))
    opened = Event.objects.filter(event_type="application.opened").order_by("id").values_list("stream", "leaf")
    for stream, leaf in opened.iterator(CHUNK):
        if stream in pinned and shas[pinned[stream]] != loads(bytes(leaf))["public"]["ruleset_sha256"]:
            faults.append(f"{stream} is not judged under the rule set it was opened with.")
    return told(faults) + ask(
        "{0}: a finding is about {1}, which is no criterion of its rule set.",
        "SELECT DISTINCT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
        "ON x.id = f.application_id JOIN authorisation_ruleset r ON r.id = x.ruleset_id "
        "JOIN authorisation_criterion c ON c.id = f.criterion_id WHERE c.criteria_set_id <> r.criteria_set_id",
    )


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I7 letters are those that were sent": letters_altered,
    "I7 findings are those that were recorded": findings_altered,
    "I7 decisions are those that were recorded": decisions_altered,
    "I8 every event has its change": events_without_change,
    "I8 every row of a case is of its own stream": rows_of_other_streams,
    "I9 one application each": doubled_applications,
    "I9 one wave each": waves_apart,
    "I9 one rule set each": foreign_rules,
}
