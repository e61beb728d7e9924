"""Panels, nominations and who holds which seat: named by whoever may, one in each place (I1, I7)."""
# ruff: noqa: S608  the statements are built from our own constants

from audit.triggers import refuse
from panels.states import APPOINTMENT
from panels.triggers.sql import COALITION_APPOINTMENT

refuse(
    name="panel_keeps_its_plan",
    table="panels_panel",
    on="UPDATE",
    when="NEW.plan <> OLD.plan OR NEW.kind <> OLD.kind OR NEW.ruleset <> OLD.ruleset",
    message="a panel keeps its kind, its seat plan and its rule set: propose another panel",
)
refuse(
    name="panel_confirmed_with_coalition",
    table="panels_panel",
    on="UPDATE",
    when="NEW.confirmed_at IS NOT NULL AND OLD.confirmed_at IS NULL AND NOT EXISTS ("
    + COALITION_APPOINTMENT.format(panel="NEW.id")
    + ")",
    message="no Coalition representative has accepted a seat on this panel: it cannot be confirmed",
)
refuse(
    name="panel_inserted_proposed",
    table="panels_panel",
    on="INSERT",
    when="NEW.confirmed_at IS NOT NULL OR NEW.closed_at IS NOT NULL",
    message="a panel is proposed first, confirmed when its seats are filled, and closed when its work is done",
)
refuse(
    name="panel_closed_for_good",
    table="panels_panel",
    on="UPDATE",
    when="(OLD.closed_at IS NOT NULL AND (NEW.closed_at IS DISTINCT FROM OLD.closed_at "
    "OR NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at)) "
    "OR (NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL AND EXISTS (SELECT 1 FROM panels_sitting g "
    "WHERE g.panel_id = NEW.id AND g.convened_at IS NOT NULL AND g.closed_at IS NULL))",
    message="a panel closes when no sitting is in session, and stays closed",
)
refuse(
    name="nomination_keeps_its_person",
    table="panels_nomination",
    on="UPDATE",
    when="NEW.person_id <> OLD.person_id OR NEW.body_id <> OLD.body_id OR NEW.starts <> OLD.starts",
    message="a nomination keeps its body, its person and its first day: end it and make another",
)
refuse(
    name="nomination_outlasts_its_sittings",
    table="panels_nomination",
    on="UPDATE",
    when="NEW.ends IS NOT NULL AND EXISTS (SELECT 1 FROM panels_appointment a "
    "JOIN panels_attendance t ON t.appointment_id = a.id AND t.present "
    "JOIN panels_item i ON i.id = t.item_id AND i.state IN ('open', 'closed') "
    'JOIN panels_sitting g ON g.id = i.sitting_id WHERE a.nomination_id = NEW.id AND g."on" > NEW.ends)',
    message="a case was taken on this nomination on a later day: it ends on that day at the earliest",
)
refuse(
    name="appointment_inserted_proposed",
    table="panels_appointment",
    on="INSERT",
    when="NEW.state <> 'proposed'",
    message="an appointment is proposed first; the person accepts or declines",
)
refuse(
    name="appointment_goes_on",
    table="panels_appointment",
    on="UPDATE",
    when=f"(NEW.state <> OLD.state AND {APPOINTMENT.refused_sql()}) "
    "OR (NEW.state = OLD.state AND NOT (OLD.state = 'accepted' AND OLD.rank > 0 AND NEW.rank = 0)) "
    "OR (NEW.state = 'accepted' AND NOT EXISTS (SELECT 1 FROM panels_declaration d "
    "WHERE d.panel_id = NEW.panel_id AND d.person_id = NEW.person_id))",
    message="an appointment is accepted once, after a declaration of interests, and ends once",
)
for _on in ("INSERT", "UPDATE"):
    refuse(
        name=f"coalition_seat_nominated_{_on.lower()}",
        table="panels_appointment",
        on=_on,
        when="EXISTS (SELECT 1 FROM panels_seat s WHERE s.id = NEW.seat_id AND (s.panel_id <> NEW.panel_id OR "
        "(s.kind = 'coalition_representative' AND NOT EXISTS (SELECT 1 FROM panels_nomination n "
        "JOIN directory_organisation o ON o.id = n.body_id WHERE n.id = NEW.nomination_id "
        "AND n.person_id = NEW.person_id AND o.kind = 'coalition_body'))))",
        message="the Coalition seat is held on the nomination of a Coalition body, by the person it nominated",
    )
refuse(
    name="appointment_keeps_its_seat",
    table="panels_appointment",
    on="UPDATE",
    when="NEW.seat_id <> OLD.seat_id OR NEW.person_id <> OLD.person_id OR NEW.panel_id <> OLD.panel_id "
    "OR NEW.nomination_id IS DISTINCT FROM OLD.nomination_id OR NEW.appointed_by_id <> OLD.appointed_by_id "
    "OR (NEW.rank <> OLD.rank AND NEW.rank <> 0)",
    message="an appointment keeps its seat, its person and who appointed them: stand it down and propose another",
)
refuse(
    name="appointment_by_the_right_body",
    table="panels_appointment",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM panels_seat s JOIN directory_organisation o ON o.id = NEW.appointed_by_id "
    "WHERE s.id = NEW.seat_id AND s.appointed_by <> '' AND o.kind <> s.appointed_by "
    "AND NOT (s.appointed_by = 'region' AND o.kind = 'area_team'))",
    message="this seat is filled by another kind of organisation: see the panel's seat plan",
)
refuse(
    name="accreditation_keeps_its_person",
    table="panels_accreditation",
    on="UPDATE",
    when="NEW.person_id <> OLD.person_id OR NEW.kind <> OLD.kind OR NEW.starts <> OLD.starts "
    "OR NEW.given_by_id <> OLD.given_by_id OR OLD.ends IS NOT NULL",
    message="a record of training keeps its person, its kind and its first day, and ends once",
)
refuse(
    name="accreditation_outlasts_its_sittings",
    table="panels_accreditation",
    on="UPDATE",
    when="NEW.ends IS NOT NULL AND EXISTS (SELECT 1 FROM panels_appointment a "
    "JOIN panels_seat s ON s.id = a.seat_id AND s.accreditation = NEW.kind "
    "JOIN panels_attendance t ON t.appointment_id = a.id AND t.present "
    "JOIN panels_item i ON i.id = t.item_id JOIN panels_sitting g ON g.id = i.sitting_id "
    'WHERE a.person_id = NEW.person_id AND g."on" > NEW.ends AND g."on" >= NEW.starts)',
    message="the person sat on this training on a later day: it ends on that day at the earliest",
)
refuse(
    name="absence_keeps_its_member",
    table="panels_absence",
    on="UPDATE",
    when="NEW.appointment_id <> OLD.appointment_id OR NEW.starts <> OLD.starts OR NEW.ends > OLD.ends "
    "OR (OLD.withdrawn_at IS NOT NULL AND NEW.event_id <> OLD.event_id) "
    "OR (NEW.withdrawn_at IS NOT NULL AND (NEW.ends <> OLD.ends OR NEW.withdrawn_at >= NEW.starts))",
    message="an absence keeps its member and its first day, and can only be made shorter, or withdrawn once before it "
    "begins: note another one",
)
