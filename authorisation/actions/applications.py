"""Opening and submitting an application. Called by the flow, which holds the lock and settles the case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit import clock
from audit.actions import record
from authorisation.calendar import LONDON
from authorisation.enums import Stage
from authorisation.errors import ApplicationRefused
from authorisation.models import Application, RuleSet, Submission, Wave
from directory.models import Organisation, OrganisationKind
from directory.queries import today

if TYPE_CHECKING:
    from panels.permissions import Actor


@dataclass(frozen=True)
class Bid:
    """What a CCG submits: the statutory minimum and what it certifies."""

    constitution: str
    accountable_officer: str
    practices: int
    declarations: tuple[str, ...] = ()


def new_application(*, ccg: Organisation, wave: Wave, ruleset: RuleSet, synthetic: str = "") -> Application:
    """An application not yet stored. Raises ApplicationRefused for another kind of body, or a second application."""
    return new_applications(ccgs=[ccg], wave=wave, ruleset=ruleset, synthetic={ccg.code: synthetic})[0]


def new_applications(
    *, ccgs: Sequence[Organisation], wave: Wave, ruleset: RuleSet, synthetic: Mapping[str, str]
) -> list[Application]:
    """The applications of a wave, not yet stored; `synthetic` by the CCG's code. One query, and raises as for one."""
    earlier: defaultdict[int, list[Application]] = defaultdict(list)
    for application in Application.objects.filter(ccg__in=ccgs, cycle=wave.cycle).only("ccg_id", "ref", "stage"):
        earlier[application.ccg_id].append(application)
    for ccg in ccgs:
        _check_may_apply(ccg, wave.cycle, earlier[ccg.pk])
    return [
        Application(
            ref=_ref(ccg, wave.cycle, len(earlier[ccg.pk])),
            ccg=ccg,
            cycle=wave.cycle,
            wave=wave,
            ruleset=ruleset,
            opened_at=clock.now(),
            synthetic=synthetic.get(ccg.code, ""),
        )
        for ccg in ccgs
    ]


def _check_may_apply(ccg: Organisation, cycle: int, earlier: Sequence[Application]) -> None:
    if ccg.kind != OrganisationKind.CCG:
        raise ApplicationRefused(f"{ccg.name} is not a CCG and cannot apply.")
    if ccg.closed and ccg.closed < today():
        raise ApplicationRefused(f"{ccg.name} closed on {ccg.closed:%-d %B %Y} and cannot apply.")
    running = next((each for each in earlier if each.stage != Stage.WITHDRAWN), None)
    if running:
        raise ApplicationRefused(f"{ccg.name} already has an application in {cycle}: open {running.ref}.")


def _ref(ccg: Organisation, cycle: int, earlier: int) -> str:
    """`CCG-02Q-2012`; a further application after a withdrawal is `CCG-02Q-2012-2`."""
    return f"CCG-{ccg.code}-{cycle}" + (f"-{earlier + 1}" if earlier else "")


def open_application(application: Application, *, by: Actor) -> None:
    """Record that the application was opened under the rule set pinned to it."""
    record(application, "application.opened", by=by, ruleset=application.ruleset.version, public=opening(application))


def opening(application: Application) -> dict[str, str | int]:
    """The public part of the opening event; the set-based opening of a wave writes the same."""
    return {
        "ref": application.ref,
        "ccg": application.ccg.code,
        "wave": application.wave.number,
        "ruleset_sha256": application.ruleset.sha256,
    }


def submit(application: Application, *, bid: Bid, by: Actor) -> None:
    """Put the application in. Raises ApplicationRefused for a missing minimum or a day after the deadline.

    Section 14B of the NHS Act 2006: two or more providers, a constitution, a proposed accountable officer.
    """
    today, deadline = clock.now().astimezone(LONDON).date(), application.wave.deadline
    if today > deadline:
        raise ApplicationRefused(
            f"{application.wave} closed on {deadline:%-d %B %Y}: agree a later wave with the Board, then submit."
        )
    if faults := _bid_faults(bid):
        raise ApplicationRefused(f"{application.ref} cannot be submitted: " + "; ".join(faults) + ".")
    event = record(
        application,
        "application.submitted",
        by=by,
        ruleset=application.ruleset.version,
        public={"practices": bid.practices},
        private={
            "person": {"accountable_officer": bid.accountable_officer},
            "free_text": {"constitution": bid.constitution, "declarations": list(bid.declarations)},
        },
    )
    Submission.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        constitution=bid.constitution,
        accountable_officer=bid.accountable_officer,
        practices=bid.practices,
        declarations=list(bid.declarations),
        submitted_at=clock.now(),
    )
    application.submitted_at = clock.now()


def _bid_faults(bid: Bid) -> Sequence[str]:
    faults = []
    if not bid.constitution.strip():
        faults.append("name the proposed constitution and its version")
    if not bid.accountable_officer.strip():
        faults.append("name the proposed accountable officer")
    if bid.practices < 2:  # noqa: PLR2004  two is the statute's own number
        faults.append("at least two practices must have signed")
    return faults
