"""What the database itself refuses, on SQLite and on PostgreSQL, whoever writes (invariants I1, I2, I3)."""

from audit.triggers import refuse

COALITION_APPOINTMENT = """
    SELECT 1 FROM panels_appointment a
    JOIN panels_seat s ON s.id = a.seat_id AND s.panel_id = a.panel_id
    JOIN panels_nomination n ON n.id = a.nomination_id AND n.person_id = a.person_id
    JOIN directory_organisation o ON o.id = n.body_id
    WHERE a.panel_id = {panel} AND a.state = 'accepted'
      AND s.kind = 'coalition_representative' AND o.kind = 'coalition_body'
"""

COALITION_VOICE = (
    COALITION_APPOINTMENT
    + """
      AND (SELECT t.present FROM panels_attendance t
           WHERE t.item_id = {item} AND t.appointment_id = a.id ORDER BY t.id DESC LIMIT 1)
      AND NOT EXISTS (SELECT 1 FROM panels_recusal r WHERE r.item_id = {item} AND r.appointment_id = a.id)
      AND (SELECT c.effect FROM panels_disinterestcheck c
           WHERE c.item_id = {item} AND c.appointment_id = a.id ORDER BY c.id DESC LIMIT 1)
          IN ('clear', 'declare_only')
"""
)

COALITION_POSITION = (
    COALITION_VOICE
    + """
      AND EXISTS (SELECT 1 FROM panels_position p WHERE p.item_id = {item} AND p.appointment_id = a.id)
"""
)

MAY_SPEAK = """
    SELECT 1 FROM panels_appointment a
    JOIN panels_item i ON i.id = NEW.item_id AND i.panel_id = a.panel_id
    WHERE a.id = NEW.appointment_id AND a.state = 'accepted' AND i.state = 'open'
      AND (SELECT t.present FROM panels_attendance t
           WHERE t.item_id = i.id AND t.appointment_id = a.id ORDER BY t.id DESC LIMIT 1)
      AND NOT EXISTS (SELECT 1 FROM panels_recusal r WHERE r.item_id = i.id AND r.appointment_id = a.id)
      AND (SELECT c.effect FROM panels_disinterestcheck c
           WHERE c.item_id = i.id AND c.appointment_id = a.id ORDER BY c.id DESC LIMIT 1)
          IN ('clear', 'declare_only')
"""

NO_COALITION = "no Coalition representative is present and clear for this item: seat one before the panel goes on"

refuse(
    name="sitting_inserted_unconvened",
    table="panels_sitting",
    on="INSERT",
    when="NEW.convened_at IS NOT NULL",
    message="a sitting is listed first and convened afterwards",
)
refuse(
    name="sitting_needs_coalition",
    table="panels_sitting",
    on="UPDATE",
    when="NEW.convened_at IS NOT NULL AND OLD.convened_at IS NULL AND NOT EXISTS ("
    + COALITION_APPOINTMENT.format(panel="NEW.panel_id")
    + ")",
    message="no Coalition representative has accepted a seat on this panel: it cannot be convened",
)
refuse(
    name="sitting_keeps_its_panel",
    table="panels_sitting",
    on="UPDATE",
    when="NEW.panel_id <> OLD.panel_id OR (OLD.convened_at IS NOT NULL AND NEW.convened_at IS NULL)",
    message="a sitting stays with its panel and stays convened",
)
refuse(
    name="item_inserted_listed",
    table="panels_item",
    on="INSERT",
    when="NEW.state <> 'listed' OR NOT EXISTS "
    "(SELECT 1 FROM panels_sitting g WHERE g.id = NEW.sitting_id AND g.panel_id = NEW.panel_id)",
    message="an item is listed first, on a sitting of its own panel",
)
refuse(
    name="item_needs_coalition",
    table="panels_item",
    on="UPDATE",
    when="NEW.state = 'open' AND OLD.state <> 'open' AND NOT EXISTS ("
    + COALITION_VOICE.format(panel="NEW.panel_id", item="NEW.id")
    + ")",
    message=NO_COALITION,
)
refuse(
    name="item_needs_convened_sitting",
    table="panels_item",
    on="UPDATE",
    when="NEW.state = 'open' AND NOT EXISTS (SELECT 1 FROM panels_sitting g WHERE g.id = NEW.sitting_id "
    "AND g.convened_at IS NOT NULL)",
    message="convene the sitting before opening an item",
)
refuse(
    name="item_closed_with_outcome",
    table="panels_item",
    on="UPDATE",
    when="NEW.state = 'closed' AND NOT EXISTS (SELECT 1 FROM panels_outcome u WHERE u.item_id = NEW.id)",
    message="an item closes with its outcome recorded",
)
refuse(
    name="item_keeps_its_case",
    table="panels_item",
    on="UPDATE",
    when="NEW.panel_id <> OLD.panel_id OR NEW.sitting_id <> OLD.sitting_id OR NEW.case_ref <> OLD.case_ref "
    "OR NEW.organisation_id <> OLD.organisation_id OR OLD.state = 'closed'",
    message="an item keeps its panel, sitting and case, and a closed item does not change",
)
refuse(
    name="outcome_needs_coalition",
    table="panels_outcome",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM panels_item i JOIN panels_composition k ON k.item_id = i.id "
    "WHERE i.id = NEW.item_id AND i.state = 'open' AND k.id = NEW.composition_id AND EXISTS ("
    + COALITION_POSITION.format(panel="i.panel_id", item="i.id")
    + "))",
    message="an outcome needs an open item, its stored composition, and the position of a Coalition representative "
    "who is present and clear",
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
    when="NEW.seat_id <> OLD.seat_id OR NEW.person_id <> OLD.person_id",
    message="an appointment keeps its seat and its person: stand it down and propose another",
)
refuse(
    name="position_of_a_counted_member",
    table="panels_position",
    on="INSERT",
    when=f"NOT EXISTS ({MAY_SPEAK})",
    message="only a member who is present, not recused and clear may take a position on an open item",
)
