"""Acts on many cases at once. Set-based where the step allows it, row for row what one by one would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from audit.actions import record_many
from authorisation.actions import applications, findings
from authorisation.models import Application, RuleSet, Wave
from directory.models import Organisation
from panels.permissions import check_administers
from workflows.engine import bulk
from workflows.engine.errors import NotNow
from workflows.flows import CURRENT as Flow

if TYPE_CHECKING:
    from directory.models import Person
    from panels.permissions import Actor


@transaction.atomic
def open_wave(
    *,
    wave: Wave,
    ccgs: Sequence[Organisation],
    ruleset: RuleSet,
    by: Actor,
    synthetic: Mapping[str, str] | None = None,
) -> list[Application]:
    """Open the applications of a wave, all or none. Raises ApplicationRefused naming the CCG that cannot apply."""
    check_administers(by)
    # Two at once: the second finds the first's applications.
    list(Organisation.objects.select_for_update().filter(pk__in=[ccg.pk for ccg in ccgs]).order_by("pk"))
    cases = applications.new_applications(ccgs=ccgs, wave=wave, ruleset=ruleset, synthetic=synthetic or {})

    def change(opened: Sequence[Application]) -> None:
        record_many(opened, "application.opened", by=by, ruleset=ruleset.version, public=applications.opening)

    bulk.bulk_start(Flow.prepare, cases, by=by, change_many=change)
    return cases


def confirm_second_reading(cases: Sequence[Application], *, by: Person) -> None:
    """The second reading of a whole wave where nothing is changed. Raises NotNow naming a case not ready for it."""
    with transaction.atomic():
        wave = bulk.bulk_advance(
            Flow.second_reading, cases, by=by, change_many=lambda read: findings.confirm_wave(read, by=by)
        )
        if wave.refused:
            raise NotNow(" ".join(wave.refused.values()))
