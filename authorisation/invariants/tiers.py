"""Nobody acts at two tiers on one application, and nobody signs what they prepared (I4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from json import loads

from django.db import connection

from audit.models import Event
from authorisation.enums import PANEL_TIERS, Tier
from authorisation.invariants.asking import CHUNK, ask, told
from authorisation.models import Application, Finding
from authorisation.roles import SECOND_READ
from panels.models import PanelKind, Position

# ruff: noqa: S608  the statements are built from our own constants
_KINDS = ", ".join(f"'{kind}'" for kind in PANEL_TIERS)


def _readers() -> Iterator[tuple[str, str]]:
    """The streams of each case and of whoever gave its second reading."""
    rows = Event.objects.filter(event_type=SECOND_READ).order_by("id").values_list("stream", "leaf")
    return ((stream, loads(bytes(leaf))["actor"]) for stream, leaf in rows.iterator(CHUNK))


def read_by_their_assessor() -> list[str]:
    """I4: nobody gave the second reading of what they assessed."""
    assessed = set(
        Finding.objects.filter(tier=Tier.DESK_TOP).values_list("application__stream", "author__stream").distinct()
    )
    refs = dict(Application.objects.values_list("stream", "ref")) if assessed else {}
    return told(
        [
            f"{refs.get(stream, stream)} was read again by {by}, who assessed it."
            for stream, by in _readers()
            if (stream, by) in assessed
        ]
    )


def judged_by_their_assessor() -> list[str]:
    """I4: nobody who assessed an application at the desk took a position on it in a panel it rests on."""
    return [
        sentence
        for table in ("decision", "recommendation", "applicationreview")
        for sentence in ask(
            f"{{0}} was assessed at the desk, and judged in its {table}, by {{1}}.",
            "SELECT DISTINCT x.ref, s.stream FROM "
            f"authorisation_{table} t JOIN authorisation_application x ON x.id = t.application_id "
            "JOIN panels_outcome u ON u.id = t.panel_outcome_id JOIN panels_position p ON p.item_id = u.item_id "
            "JOIN panels_appointment a ON a.id = p.appointment_id JOIN directory_person s ON s.id = a.person_id "
            "WHERE EXISTS (SELECT 1 FROM authorisation_finding f WHERE f.application_id = x.id "
            "AND f.author_id = a.person_id AND f.tier IN ('desk_top', 'second_reading')) ORDER BY x.ref",
        )
    ]


def judged_by_their_reader() -> list[str]:
    """I4: nor anybody who gave its second reading and changed nothing, of whom the event alone tells."""
    readers = set(_readers())
    streams = dict(Application.objects.values_list("ref", "stream")) if readers else {}
    rows = Position.objects.filter(item__panel__kind__in=PANEL_TIERS) if readers else Position.objects.none()
    took = rows.order_by().values_list("item__case_ref", "appointment__person__stream").distinct()
    return told(
        [
            f"{ref} was read again, and judged in a panel, by {by}."
            for ref, by in sorted(took.iterator(CHUNK))
            if (streams.get(ref, ""), by) in readers
        ]
    )


def judged_at_two_tiers() -> list[str]:
    """I4: whoever took a position where a recommendation or decision was reached took none in another kind of panel."""
    pairs = " UNION ".join(
        "SELECT x.ref, s.stream, CASE WHEN q.kind < r.kind THEN q.kind ELSE r.kind END, "
        "CASE WHEN q.kind < r.kind THEN r.kind ELSE q.kind END "
        f"FROM authorisation_{table} t JOIN authorisation_application x ON x.id = t.application_id "
        "JOIN panels_outcome u ON u.id = t.panel_outcome_id JOIN panels_item i ON i.id = u.item_id "
        "JOIN panels_panel q ON q.id = i.panel_id JOIN panels_position p ON p.item_id = i.id "
        "JOIN panels_appointment a ON a.id = p.appointment_id JOIN directory_person s ON s.id = a.person_id "
        "JOIN panels_item j ON j.case_ref = i.case_ref JOIN panels_panel r ON r.id = j.panel_id "
        "JOIN panels_position o ON o.item_id = j.id JOIN panels_appointment b ON b.id = o.appointment_id "
        f"WHERE b.person_id = a.person_id AND r.kind <> q.kind AND q.kind IN ({_KINDS}) AND r.kind IN ({_KINDS})"
        for table in ("decision", "recommendation")
    )
    with connection.cursor() as cursor:
        cursor.execute(pairs)
        rows = sorted(cursor.fetchall())
    return told(
        [
            f"{ref} was judged by {by} in its {' and in its '.join(PanelKind(kind).label.lower() for kind in kinds)}."
            for ref, by, *kinds in rows
        ]
    )


def acted_at_two_tiers() -> list[str]:
    """I4 whole: the desk's two tiers and those of the panels, whoever recorded what."""
    return told([*judged_at_two_tiers(), *judged_by_their_reader()])


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I4 nobody reads again what they assessed": read_by_their_assessor,
    "I4 nobody judges on a panel what they assessed": judged_by_their_assessor,
    "I4 nobody acted at two tiers on one application": acted_at_two_tiers,
}
