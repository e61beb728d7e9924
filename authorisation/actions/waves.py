"""Waves and moves between them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, record_system
from audit.models import Event
from authorisation.enums import BEFORE_DECISION, Stage, WindowKind
from authorisation.errors import WaveRefused
from authorisation.models import Application, Wave, WaveMove, Window
from panels.permissions import check_administers

if TYPE_CHECKING:
    from panels.permissions import Actor


@transaction.atomic
def add_wave(*, cycle: int, number: int, deadline: date, by: Actor) -> Wave:
    """A new wave. Raises WaveRefused when its deadline is not after that of the wave before it."""
    check_administers(by)
    if number < 1:
        raise WaveRefused(f"Wave {number} cannot be: waves are numbered from 1.")
    if Wave.objects.filter(cycle=cycle, number=number).exists():
        raise WaveRefused(f"Wave {number} of {cycle} exists already.")
    for other in Wave.objects.filter(cycle=cycle):
        before, after = sorted([(other.number, other.deadline), (number, deadline)])
        if before[1] >= after[1]:
            raise WaveRefused(
                f"Wave {after[0]} would close on {after[1]:%-d %B %Y}, not after wave {before[0]} "
                f"({before[1]:%-d %B %Y}): give wave {number} another deadline."
            )
    event = record_system(
        "wave.added", by=by, public={"cycle": cycle, "number": number, "deadline": deadline.isoformat()}
    )
    return Wave.objects.create(event=event, cycle=cycle, number=number, deadline=deadline)


def defer(application: Application, *, to_wave: Wave, reason: str, by: Actor) -> None:
    """Move a case to a later wave before its decision; its clocks stop and its findings are kept (domain.md 1.6).

    Called by the flow under the case's lock. Raises WaveRefused.
    """
    if application.stage not in BEFORE_DECISION or application.outcome:
        raise WaveRefused(f"{application.ref} is {application.get_stage_display().lower()}: it cannot be deferred now.")
    if to_wave.cycle != application.cycle or to_wave.number <= application.wave.number:
        raise WaveRefused(f"{application.ref} is in {application.wave}: defer it to a later wave of the same cycle.")
    if not reason.strip():
        raise WaveRefused("Say why the case is deferred: the reason is part of the record.")
    event = record(
        application,
        "application.deferred",
        by=by,
        ruleset=application.ruleset.version,
        public={"from_wave": application.wave.number, "to_wave": to_wave.number, "stage": application.stage},
        private={"free_text": {"reason": reason}},
    )
    WaveMove.objects.create(
        event=event,
        application=application,
        from_wave=application.wave,
        to_wave=to_wave,
        reason=reason,
        moved_at=clock.now(),
    )
    _stop_clocks(application, event.pk)
    application.wave = to_wave


def _stop_clocks(application: Application, event_id: int) -> None:
    Window.objects.filter(
        application=application, answered_at__isnull=True, lapsed_at__isnull=True, stopped_at__isnull=True
    ).update(stopped_at=clock.now(), event_id=event_id)


RESUMES_AT = (Stage.PREPARATION, Stage.SITE_VISIT_PLANNING, Stage.MODERATION)


def resume(application: Application, *, at: Stage, by: Actor) -> None:
    """Take a deferred case up again as a new attempt, from the stage agreed. Called by the flow."""
    if at not in RESUMES_AT:
        raise WaveRefused(f"A deferred case resumes at {', '.join(stage.label.lower() for stage in RESUMES_AT)}.")
    if at is Stage.MODERATION:
        _check_commented(application)
    if at is not Stage.PREPARATION and not _happened(application, "desk_top.second_read"):
        raise WaveRefused(f"{application.ref} has had no whole desk-top review: resume it in preparation.")
    application.attempt += 1
    application.resumes_at = at
    record(
        application,
        "application.resumed",
        by=by,
        ruleset=application.ruleset.version,
        public={"wave": application.wave.number, "at": at.value, "attempt": application.attempt},
    )


def _check_commented(application: Application) -> None:
    """Raise WaveRefused when the case has no report, or its CCG has not had all its days to comment on it."""
    window = Window.objects.filter(application=application, kind=WindowKind.REPORT_COMMENTS).last()
    if window is None:
        raise WaveRefused(f"{application.ref} has had no site visit: resume it there or earlier.")
    if window.answered_at is None and window.lapsed_at is None:
        raise WaveRefused(
            f"The deferral stopped the days {application.ref} had to comment on its report: resume it at the site "
            "visit."
        )


def _happened(application: Application, event_type: str) -> bool:
    return Event.objects.filter(stream=application.stream, event_type=event_type).exists()


def withdraw(application: Application, *, reason: str, by: Actor) -> None:
    """The applicants withdraw before the decision (section 14B(4)(b) of the NHS Act 2006). Called by the flow."""
    if application.stage not in BEFORE_DECISION | {Stage.DEFERRED} or application.outcome:
        raise WaveRefused(
            f"{application.ref} is {application.get_stage_display().lower()}: it cannot be withdrawn now."
        )
    if not reason.strip():
        raise WaveRefused("Say why the application is withdrawn: the reason is part of the record.")
    event = record(
        application,
        "application.withdrawn",
        by=by,
        ruleset=application.ruleset.version,
        public={"stage": application.stage},
        private={"free_text": {"reason": reason}},
    )
    _stop_clocks(application, event.pk)
