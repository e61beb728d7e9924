"""What was decided, recomputed from the facts (I2, I4, I5, I6, I8, I9).

Each check is a few statements over whole tables, whatever the number of cases; its sentences name cases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from json import loads
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q

from audit.models import Event
from authorisation.enums import TIER_ORDER, AuthorisationOutcome, Stage, Tier, WindowKind
from authorisation.models import (
    Application,
    Condition,
    Decision,
    Direction,
    Finding,
    Letter,
    Publication,
    RuleSet,
    WaveMove,
    Window,
)

# ruff: noqa: S608  the statements are built from our own constants
MOST_SENTENCES = 50
_CHUNK = 2000
_RANK = "CASE {row}.tier " + " ".join(f"WHEN '{tier}' THEN {rank}" for tier, rank in TIER_ORDER.items()) + " END"
_BEFORE = (
    "{one}.application_id = {other}.application_id AND {one}.criterion_id = {other}.criterion_id "
    "AND ({one}.attempt < {other}.attempt OR ({one}.attempt = {other}.attempt AND "
    + _RANK.format(row="{one}")
    + " < "
    + _RANK.format(row="{other}")
    + "))"
)


def told(sentences: list[str]) -> list[str]:
    """The first sentences, and a count of the others."""
    more = len(sentences) - MOST_SENTENCES
    return [*sentences[:MOST_SENTENCES], f"... and {more} more."] if more > 0 else sentences


def _ask(sentence: str, query: str) -> list[str]:
    """One sentence for each row of a query, filled with its columns in order."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return told([sentence.format(*row) for row in cursor.fetchall()])


def _resting(table: str, kind: str) -> list[str]:
    return _ask(
        f"{{0}}: its {table} does not rest on the outcome of a panel of the right kind, about it, under its rules.",
        f"SELECT x.ref FROM authorisation_{table} t JOIN authorisation_application x ON x.id = t.application_id "
        "JOIN authorisation_ruleset r ON r.id = x.ruleset_id JOIN panels_outcome u ON u.id = t.panel_outcome_id "
        "JOIN panels_item i ON i.id = u.item_id JOIN panels_panel p ON p.id = i.panel_id "
        f"WHERE i.case_ref <> x.ref OR i.organisation_id <> x.ccg_id OR p.ruleset <> r.version OR p.kind <> {kind} "
        "ORDER BY x.ref",
    )


def acts_without_panel() -> list[str]:
    """I2: every decision, recommendation and review rests on a panel's outcome on that case."""
    return [
        *_resting("decision", "'decision'"),
        *_resting("recommendation", "t.kind"),
        *_resting("applicationreview", "'review'"),
        *_ask(
            "{0} was decided otherwise than its panel did.",
            "SELECT x.ref FROM authorisation_decision d JOIN authorisation_application x ON x.id = d.application_id "
            "JOIN panels_outcome u ON u.id = d.panel_outcome_id WHERE u.outcome <> d.outcome ORDER BY x.ref",
        ),
    ]


def read_by_their_assessor() -> list[str]:
    """I4: nobody gave the second reading of what they assessed."""
    assessed = set(
        Finding.objects.filter(tier=Tier.DESK_TOP).values_list("application__stream", "author__stream").distinct()
    )
    refs = dict(Application.objects.values_list("stream", "ref")) if assessed else {}
    rows = Event.objects.filter(event_type="desk_top.second_read").order_by("id").values_list("stream", "leaf")
    readers = ((stream, loads(bytes(leaf))["actor"]) for stream, leaf in rows.iterator(_CHUNK))
    return told(
        [
            f"{refs.get(stream, stream)} was read again by {by}, who assessed it."
            for stream, by in readers
            if (stream, by) in assessed
        ]
    )


def judged_by_their_assessor() -> list[str]:
    """I4: nobody who assessed an application at the desk took a position on it in a panel it rests on."""
    return [
        sentence
        for table in ("decision", "recommendation", "applicationreview")
        for sentence in _ask(
            f"{{0}} was assessed at the desk, and judged in its {table}, by {{1}}.",
            "SELECT DISTINCT x.ref, s.stream FROM "
            f"authorisation_{table} t JOIN authorisation_application x ON x.id = t.application_id "
            "JOIN panels_outcome u ON u.id = t.panel_outcome_id JOIN panels_position p ON p.item_id = u.item_id "
            "JOIN panels_appointment a ON a.id = p.appointment_id JOIN directory_person s ON s.id = a.person_id "
            "WHERE EXISTS (SELECT 1 FROM authorisation_finding f WHERE f.application_id = x.id "
            "AND f.author_id = a.person_id AND f.tier IN ('desk_top', 'second_reading')) ORDER BY x.ref",
        )
    ]


def conditions_apart() -> list[str]:
    """I5: unmet criteria at the decision and conditions imposed are the same, one to one."""
    decided = "JOIN authorisation_decision d ON d.application_id = x.id"
    return [
        *_ask(
            "{0}: {1} stood unmet and the decision says nothing of it.",
            "SELECT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
            f"ON x.id = f.application_id {decided} JOIN authorisation_criterion c ON c.id = f.criterion_id "
            "WHERE NOT f.met AND f.tier <> 'decision' AND NOT EXISTS (SELECT 1 FROM authorisation_finding g "
            f"WHERE {_BEFORE.format(one='f', other='g')}) ORDER BY x.ref, c.code",
        ),
        *_ask(
            "{0}: {1} was found unmet at the decision and stood met before.",
            "SELECT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
            "ON x.id = f.application_id JOIN authorisation_criterion c ON c.id = f.criterion_id "
            "WHERE f.tier = 'decision' AND NOT f.met AND NOT EXISTS (SELECT 1 FROM authorisation_finding g "
            f"WHERE NOT g.met AND {_BEFORE.format(one='g', other='f')} AND NOT EXISTS "
            f"(SELECT 1 FROM authorisation_finding h WHERE {_BEFORE.format(one='g', other='h')} "
            f"AND {_BEFORE.format(one='h', other='f')})) ORDER BY x.ref, c.code",
        ),
        *_ask(
            "{0}: {1} was unmet at the decision and has no condition.",
            "SELECT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
            f"ON x.id = f.application_id {decided} JOIN authorisation_criterion c ON c.id = f.criterion_id "
            "WHERE f.tier = 'decision' AND NOT f.met AND NOT EXISTS "
            "(SELECT 1 FROM authorisation_condition k WHERE k.finding_id = f.id) ORDER BY x.ref, c.code",
        ),
        *_ask(
            "{0}: the condition on {1} rests on no criterion unmet at its decision.",
            "SELECT x.ref, c.code FROM authorisation_condition k JOIN authorisation_application x "
            "ON x.id = k.application_id JOIN authorisation_criterion c ON c.id = k.criterion_id "
            "JOIN authorisation_finding f ON f.id = k.finding_id JOIN authorisation_decision d ON d.id = k.decision_id "
            "WHERE f.met OR f.tier <> 'decision' OR f.criterion_id <> k.criterion_id "
            "OR f.application_id <> k.application_id OR d.application_id <> k.application_id ORDER BY x.ref, c.code",
        ),
    ]


def outcomes_apart() -> list[str]:
    """I5: fully authorised means no condition, with conditions means at least one; directions are as flagged."""
    rows = Decision.objects.annotate(
        imposed=Count("conditions", distinct=True), directed=Count("directions", distinct=True)
    ).select_related("application")
    full = Q(outcome=AuthorisationOutcome.FULL)
    wrong = rows.filter((full & Q(imposed__gt=0)) | (~full & Q(imposed=0)))
    flagged = rows.filter(Q(has_directions=True, directed=0) | Q(has_directions=False, directed__gt=0))
    copied = Application.objects.filter(decision__isnull=False).exclude(outcome=F("decision__outcome"))
    early = Application.objects.filter(decision__isnull=True).exclude(outcome="")
    return told(
        [f"{row.application.ref} is decided {row.outcome} with {row.imposed} conditions." for row in wrong]
        + [f"{row.application.ref} has {row.directed} directions and its flag says otherwise." for row in flagged]
        + [f"{row.ref} shows another outcome than its decision." for row in copied]
        + [f"{row.ref} shows an outcome and has no decision." for row in early]
    )


def unknown_levels() -> list[str]:
    """I5: every condition has a support level of the rule set pinned to its application."""
    known = {pk: set(body["levels"]) for pk, body in RuleSet.objects.values_list("pk", "body")}
    pairs = Condition.objects.values_list("application__ruleset", "level").annotate(number=Count("pk")).order_by()
    return [
        f"{number} conditions under rule set {ruleset} have support level {level}, which it does not have."
        for ruleset, level, number in pairs
        if level not in known[ruleset]
    ]


def decided_too_early() -> list[str]:
    """I6: no panel decided while a window ran that was not waived, nor a conditional case that had no window."""
    never = Window.objects.filter(
        application=OuterRef("application"), kind=WindowKind.CONDITIONS_RESPONSE, stopped_at__isnull=True
    )
    rows = Decision.objects.filter(outcome=AuthorisationOutcome.CONDITIONAL).exclude(Exists(never))
    return _ask(
        "{0} was decided while its window {1} ran.",
        "SELECT x.ref, w.kind FROM authorisation_decision d JOIN authorisation_application x "
        "ON x.id = d.application_id JOIN panels_outcome u ON u.id = d.panel_outcome_id "
        "JOIN authorisation_window w ON w.application_id = x.id WHERE w.stopped_at IS NULL "
        "AND w.closes_at > u.reached_at AND (w.waived_at IS NULL OR w.waived_at > u.reached_at) ORDER BY x.ref",
    ) + told(
        [
            f"{ref} was authorised with conditions it could not answer first."
            for ref in rows.values_list("application__ref", flat=True)
        ]
    )


def windows_without_answer() -> list[str]:
    """I6: a window that says answered has its answer, and one that lapsed has none."""
    rows = Window.objects.filter(
        Q(answered_at__isnull=False, answer__isnull=True)
        | Q(answered_at__isnull=True, answer__isnull=False)
        | Q(answered_at__isnull=False, lapsed_at__isnull=False)
        | Q(waived_at__isnull=False, answered_at__isnull=True)
        | Q(lapsed_at__lt=F("closes_at"))
    ).select_related("application")
    return told([f"{row.application.ref}: the window {row.kind} and its answer disagree." for row in rows])


def published_too_early() -> list[str]:
    """I6: decision, letter and publication follow one another, on the same application."""
    letters = Letter.objects.filter(issued_at__lt=F("decision__decided_at")).select_related("decision__application")
    rows = Publication.objects.filter(
        Q(published_at__lt=F("letter__issued_at")) | ~Q(letter__decision__application=F("application"))
    ).select_related("application")
    stages = (Stage.PLAN, Stage.REVIEW, Stage.CLOSED)
    unpublished = Application.objects.filter(stage__in=stages, publication__isnull=True)
    return told(
        [f"The letter on {row.decision.application.ref} went out before its decision." for row in letters]
        + [f"{row.application.ref} was published before its own letter." for row in rows]
        + [f"{row.ref} is {row.get_stage_display().lower()} and was never published." for row in unpublished]
    )


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
    for event_id, met, number in rows.exclude(tier=Tier.DECISION).iterator(_CHUNK):
        counted.setdefault(event_id, [0, 0])[not met] = number
    types = ("desk_top.assessed", "desk_top.second_read", "site_visit.recorded", "response.assessed")
    faults = []
    events = Event.objects.filter(event_type__in=types).order_by("id").values_list("id", "stream", "leaf")
    for event_id, stream, leaf in events.iterator(_CHUNK):
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
    for decision, code, level in rows.iterator(_CHUNK):
        imposed.setdefault(decision, {})[code] = level
    faults = []
    for row in Decision.objects.select_related("event", "application").order_by("pk").iterator(_CHUNK):
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
        faults += _ask(
            f"Event {{0}} ({event_type}) of {{1}} has no row in {table}.",
            f"SELECT e.id, e.stream FROM audit_event e WHERE e.event_type = '{event_type}' "
            f"AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.event_id = e.id) ORDER BY e.id",
        )
        faults += _ask(
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
            for sentence in _ask(
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
    for application, left, reached, ref in moves.iterator(_CHUNK):
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
    for stream, leaf in opened.iterator(_CHUNK):
        if stream in pinned and shas[pinned[stream]] != loads(bytes(leaf))["public"]["ruleset_sha256"]:
            faults.append(f"{stream} is not judged under the rule set it was opened with.")
    return told(faults) + _ask(
        "{0}: a finding is about {1}, which is no criterion of its rule set.",
        "SELECT DISTINCT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
        "ON x.id = f.application_id JOIN authorisation_ruleset r ON r.id = x.ruleset_id "
        "JOIN authorisation_criterion c ON c.id = f.criterion_id WHERE c.criteria_set_id <> r.criteria_set_id",
    )


def directions_beyond_conditions() -> list[str]:
    """I5: a closed case has no open condition and no direction in force."""
    left = Exists(Condition.objects.filter(application=OuterRef("pk"), state="open"))
    bound = Exists(Direction.objects.filter(application=OuterRef("pk"), ended_on__isnull=True))
    rows = Application.objects.filter(stage=Stage.CLOSED).filter(left | bound)
    return told([f"{row.ref} is closed with a condition open or a direction in force." for row in rows])


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I2 every decision, recommendation and review rests on a panel": acts_without_panel,
    "I4 nobody reads again what they assessed": read_by_their_assessor,
    "I4 nobody judges on a panel what they assessed": judged_by_their_assessor,
    "I5 conditions are the unmet criteria": conditions_apart,
    "I5 outcomes follow from conditions": outcomes_apart,
    "I5 every condition has a level of its rule set": unknown_levels,
    "I5 closed cases have nothing left": directions_beyond_conditions,
    "I6 no decision while a window runs": decided_too_early,
    "I6 windows and answers agree": windows_without_answer,
    "I6 publication follows the letter": published_too_early,
    "I7 letters are those that were sent": letters_altered,
    "I7 findings are those that were recorded": findings_altered,
    "I7 decisions are those that were recorded": decisions_altered,
    "I8 every event has its change": events_without_change,
    "I8 every row of a case is of its own stream": rows_of_other_streams,
    "I9 one application each": doubled_applications,
    "I9 one wave each": waves_apart,
    "I9 one rule set each": foreign_rules,
}
