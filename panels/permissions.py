"""May this person? Answered from grants alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.core.exceptions import PermissionDenied

from directory import grants
from directory.models import Organisation, Person, Post
from directory.queries import board_id
from directory.rules import is_bodys_office
from panels.models import LIVE, AppointmentState, Item, PanelGrant, Recusal
from panels.rules import Effect

if TYPE_CHECKING:
    from panels.models import Appointment, Panel

Actor = Person | Literal["system"]

# On the Board. A nominating body's own conflicts guardian does not look into the panels of others.
AUDITS = frozenset({"administer", "audit", "rule_on_conflicts"})


def administers(by: Actor) -> bool:
    """Whether this person is of the Board's secretariat."""
    return by == "system" or grants.holds(by, "administer", board_id())


def audits(by: Actor) -> bool:
    """Whether this person may look into every panel, past and present. All who may also read every case."""
    if by == "system":
        return True
    held = [organisation for codename, organisation in grants.held_by(by) if codename in AUDITS]
    return bool(held) and board_id() in held


def check_audits(by: Actor) -> None:
    """Raise PermissionDenied for all but auditors, the conflicts guardian and the secretariat."""
    if not audits(by):
        raise PermissionDenied("Only auditors, the conflicts guardian and the secretariat may audit panels.")


def brings_cosignature(by: Actor) -> bool:
    """Whether this person holds an office at a Coalition body, whose witness signs heads of the log, or may audit."""
    if by == "system" or not by.is_active:
        return by == "system"
    held = Post.objects.filter(person=by, in_force=True).values_list("kind", "organisation__kind")
    return any(is_bodys_office(post, organisation) for post, organisation in held) or audits(by)


def check_brings_cosignature(by: Actor) -> None:
    """Raise PermissionDenied for all but officers of Coalition bodies and those who audit."""
    if not brings_cosignature(by):
        raise PermissionDenied("Only officers of a Coalition body and auditors bring signatures of witnesses.")


def holds_panel(by: Actor, codename: str, panel: Panel) -> bool:
    """Whether this person holds a grant on this panel."""
    if by == "system":
        return False
    return PanelGrant.objects.filter(
        user=by, user__is_active=True, permission__codename=codename, content_object=panel
    ).exists()


def check_administers(by: Actor) -> None:
    """Raise PermissionDenied unless the secretariat is acting."""
    if not administers(by):
        raise PermissionDenied("Only the Board's secretariat may fill panels and list sittings.")


def check_runs(by: Actor, panel: Panel) -> None:
    """Raise PermissionDenied unless the panel's chair or the secretariat is acting."""
    if not (administers(by) or holds_panel(by, "chair", panel)):
        raise PermissionDenied(f"Only the chair of {panel.ref} or the secretariat may run its sittings.")


def check_chairs(by: Actor, panel: Panel) -> None:
    """Raise PermissionDenied unless the panel's chair is acting."""
    if not holds_panel(by, "chair", panel):
        raise PermissionDenied(f"Only the chair of {panel.ref} may sign its minutes.")


def check_runs_item(by: Actor, item: Item) -> None:
    """Raise PermissionDenied unless the chair or the secretariat acts, and for a chair who left the room for this."""
    check_runs(by, item.panel)
    if by != "system" and item.recusals.filter(appointment__person=by).exists():
        raise PermissionDenied(f"You left the room for {item.case_ref}: somebody else runs this item.")
    if by != "system" and not administers(by) and not _chairs_item(by, item):
        raise PermissionDenied(f"You do not hold the chair's seat for {item.case_ref}: its holder runs this item.")


def _chairs_item(by: Person, item: Item) -> bool:
    """Whether this person's own is the chair's seat for an item: as its member, or as the alternate in the room."""
    held = item.panel.appointments.filter(person=by, seat__kind="chair", state=AppointmentState.ACCEPTED).first()
    if held is None:
        return False
    noted = item.attendances.filter(appointment=held).order_by("-pk").values_list("present", flat=True).first()
    tested = item.checks.filter(appointment=held).order_by("-pk").values_list("effect", flat=True).first()
    return (noted if noted is not None else held.rank == 0) and tested != Effect.BARRED


def check_nominates(by: Actor, body: Organisation) -> None:
    """Raise PermissionDenied unless the body's own nominations secretary is acting."""
    if by != "system" and not grants.holds(by, "nominate", body.pk):
        raise PermissionDenied(f"Only {body.name} may nominate on its own behalf.")


def nominates_for(by: Person) -> set[int]:
    """The keys of the organisations this person nominates for."""
    return {organisation for codename, organisation in grants.held_by(by) if codename == "nominate"}


def rules_on_conflicts(by: Actor) -> bool:
    """Whether this person is the Board's conflicts guardian."""
    return by != "system" and grants.holds(by, "rule_on_conflicts", board_id())


def check_rules(by: Actor, panel: Panel, organisation: Organisation) -> None:
    """Raise PermissionDenied for all but the conflicts guardian, and for one who is of the panel or the organisation.

    A seat on the panel, chair or not, or a post at the organisation under review: somebody else rules then.
    """
    if by == "system" or not rules_on_conflicts(by):
        raise PermissionDenied("Only the conflicts guardian of the Board rules on interests: a chair never does.")
    if panel.appointments.filter(person=by, state__in=LIVE).exists():
        raise PermissionDenied(f"You have a seat on {panel.ref}: somebody else rules on interests there.")
    if Post.objects.filter(person=by, organisation=organisation, in_force=True).exists():
        raise PermissionDenied(f"You have a post at {organisation.name} yourself: somebody else rules on its panels.")


def check_objects(by: Actor, organisation: Organisation) -> None:
    """Raise PermissionDenied unless somebody answers for the organisation under review."""
    if by == "system" or not grants.holds(by, "act_for", organisation.pk):
        raise PermissionDenied(f"Only who answers for {organisation.name} may object to who judges it.")


def answers_for(by: Person) -> set[int]:
    """The keys of the organisations this person answers for."""
    return {organisation for codename, organisation in grants.held_by(by) if codename == "act_for"}


def check_own_seat(by: Actor, appointment: Appointment) -> None:
    """Raise PermissionDenied when somebody answers for another member."""
    if by == "system" or by.pk != appointment.person_id or not by.is_active:
        raise PermissionDenied("Only the person proposed may accept or decline a seat, or declare interests for it.")


def chairs_case(by: Actor, case_ref: str, kind: str) -> bool:
    """Whether this person chairs a panel of that kind with the case on its agenda, and has not left the room for it."""
    if by == "system":
        return False
    chairs = PanelGrant.objects.filter(
        user=by, user__is_active=True, permission__codename="chair", content_object__kind=kind
    )
    left = Recusal.objects.filter(item__case_ref=case_ref, item__panel__kind=kind, appointment__person=by)
    items = Item.objects.filter(case_ref=case_ref, panel__in=chairs.values("content_object"))
    return items.exists() and not left.exists()
