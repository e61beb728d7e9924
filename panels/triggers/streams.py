"""A row of a panel names an event of that panel's own stream: no change rides on somebody else's event (I8)."""
# ruff: noqa: S608  the statements are built from our own constants

from audit.triggers import refuse

MOVING = frozenset({"panels_appointment", "panels_sitting", "panels_item", "panels_absence"})

for _table, _panel in (
    ("panels_seat", "p.id = NEW.panel_id"),
    ("panels_appointment", "p.id = NEW.panel_id"),
    ("panels_declaration", "p.id = NEW.panel_id"),
    ("panels_sitting", "p.id = NEW.panel_id"),
    ("panels_item", "p.id = NEW.panel_id"),
    ("panels_objection", "p.id = NEW.panel_id"),
    ("panels_ruling", "p.id = NEW.panel_id"),
    ("panels_refusal", "p.id = NEW.panel_id"),
    *(
        (f"panels_{_name}", "p.id = (SELECT i.panel_id FROM panels_item i WHERE i.id = NEW.item_id)")
        for _name in ("attendance", "recusal", "position", "composition", "outcome")
    ),
    *(
        (f"panels_{_name}", "p.id = (SELECT g.panel_id FROM panels_sitting g WHERE g.id = NEW.sitting_id)")
        for _name in ("agendaorder", "minutenote")
    ),
    ("panels_absence", "p.id = (SELECT a.panel_id FROM panels_appointment a WHERE a.id = NEW.appointment_id)"),
    ("panels_disinterestcheck", "p.id = (SELECT a.panel_id FROM panels_appointment a WHERE a.id = NEW.appointment_id)"),
):
    refuse(
        name=f"{_table}_in_its_stream",
        table=_table,
        on=("INSERT", "UPDATE") if _table in MOVING else "INSERT",
        when="NOT EXISTS (SELECT 1 FROM panels_panel p JOIN audit_event e ON e.stream = p.stream "
        f"WHERE e.id = NEW.event_id AND {_panel})",
        message="the event named is not of this panel: record one on its own stream",
    )
refuse(
    name="panels_accreditation_in_its_stream",
    table="panels_accreditation",
    on=("INSERT", "UPDATE"),
    when="NOT EXISTS (SELECT 1 FROM directory_person p JOIN audit_event e ON e.stream = p.stream "
    "WHERE e.id = NEW.event_id AND p.id = NEW.person_id)",
    message="the event named is not of this person: record one on their own stream",
)
