"""What the database itself refuses, on SQLite and on PostgreSQL, whoever writes (invariants I1, I2, I3)."""
# ruff: noqa: S608  the statements are built from our own constants

from audit.triggers import refuse
from panels.states import APPOINTMENT

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
      AND EXISTS (SELECT 1 FROM panels_item m JOIN panels_sitting g ON g.id = m.sitting_id
                  WHERE m.id = {item} AND n.starts <= g."on" AND (n.ends IS NULL OR n.ends >= g."on"))
"""
)

COALITION_POSITION = (
    COALITION_VOICE
    + """
      AND EXISTS (SELECT 1 FROM panels_position p WHERE p.item_id = {item} AND p.appointment_id = a.id)
"""
)

# Once an item is decided its members may stand down; what they decided stands.
COALITION_POSITION_TAKEN = COALITION_POSITION.replace("a.state = 'accepted'", "a.state IN ('accepted', 'stood_down')")

COUNTED = """
    SELECT 1 FROM panels_appointment a
    JOIN panels_item i ON i.id = NEW.item_id AND i.panel_id = a.panel_id
    WHERE {which} AND a.state = 'accepted' AND i.state = 'open'
      AND (SELECT t.present FROM panels_attendance t
           WHERE t.item_id = i.id AND t.appointment_id = a.id ORDER BY t.id DESC LIMIT 1)
      AND NOT EXISTS (SELECT 1 FROM panels_recusal r WHERE r.item_id = i.id AND r.appointment_id = a.id)
      AND (SELECT c.effect FROM panels_disinterestcheck c
           WHERE c.item_id = i.id AND c.appointment_id = a.id ORDER BY c.id DESC LIMIT 1)
          IN ('clear', 'declare_only')
"""

MAY_SPEAK = COUNTED.format(which="a.id = NEW.appointment_id")
SILENT = (
    COUNTED.format(which="a.panel_id = i.panel_id")
    + " AND NOT EXISTS (SELECT 1 FROM panels_position p WHERE p.item_id = i.id AND p.appointment_id = a.id)"
)

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
    when="NEW.panel_id <> OLD.panel_id OR OLD.closed_at IS NOT NULL OR (OLD.convened_at IS NOT NULL "
    'AND (NEW.convened_at IS DISTINCT FROM OLD.convened_at OR NEW."on" <> OLD."on" OR NEW.place <> OLD.place))',
    message="a sitting stays with its panel, stays convened on its day, and does not change when it is over",
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
    "AND g.convened_at IS NOT NULL AND g.closed_at IS NULL)",
    message="convene the sitting before opening an item; a sitting that is over opens none",
)
refuse(
    name="sitting_closed_with_open_item",
    table="panels_sitting",
    on="UPDATE",
    when="NEW.closed_at IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM panels_item i WHERE i.sitting_id = NEW.id AND i.state = 'open')",
    message="an item is open: decide it or note who left before the sitting closes",
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
refuse(
    name="outcome_needs_every_position",
    table="panels_outcome",
    on="INSERT",
    when=f"EXISTS ({SILENT})",
    message="a member who counts for this item has taken no position: record it before the outcome",
)
for _table in ("panels_attendance", "panels_recusal", "panels_disinterestcheck"):
    refuse(
        name=f"{_table.removeprefix('panels_')}_of_a_member",
        table=_table,
        on="INSERT",
        when="NOT EXISTS (SELECT 1 FROM panels_item i JOIN panels_appointment a ON a.panel_id = i.panel_id "
        "WHERE i.id = NEW.item_id AND a.id = NEW.appointment_id AND i.state <> 'closed')"
        + (" AND NEW.item_id IS NOT NULL" if _table == "panels_disinterestcheck" else ""),
        message="this is noted of a member of the item's own panel, before the item is closed",
    )
refuse(
    name="composition_of_an_open_item",
    table="panels_composition",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM panels_item i WHERE i.id = NEW.item_id AND i.state = 'open')",
    message="the composition is stored while its item is open, when it is decided",
)
refuse(
    name="panel_keeps_its_plan",
    table="panels_panel",
    on="UPDATE",
    when="NEW.plan <> OLD.plan OR NEW.kind <> OLD.kind OR NEW.ruleset <> OLD.ruleset",
    message="a panel keeps its kind, its seat plan and its rule set: propose another panel",
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
    when=f"{APPOINTMENT.refused_sql()} "
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
    "OR NEW.nomination_id IS DISTINCT FROM OLD.nomination_id",
    message="an appointment keeps its seat and its person: stand it down and propose another",
)
refuse(
    name="position_of_a_counted_member",
    table="panels_position",
    on="INSERT",
    when=f"NOT EXISTS ({MAY_SPEAK})",
    message="only a member who is present, not recused and clear may take a position on an open item",
)

SEATED = """
    EXISTS (SELECT 1 FROM panels_appointment a
    JOIN panels_seat s ON s.id = a.seat_id
    JOIN auth_permission m ON m.id = {row}.permission_id
    WHERE a.panel_id = {row}.content_object_id AND a.person_id = {row}.user_id AND a.state = 'accepted'
      AND (m.codename = 'sit' OR (m.codename = 'chair' AND s.kind = 'chair')))
"""
refuse(
    name="panel_grant_unfounded",
    table="panels_panelgrant",
    on="INSERT",
    when="NOT " + SEATED.format(row="NEW"),
    message="no accepted seat justifies this grant: the person accepts a seat first (I12)",
)
refuse(
    name="panel_grant_founded",
    table="panels_panelgrant",
    on="DELETE",
    when=SEATED.format(row="OLD"),
    message="an accepted seat calls for this grant: the member stands down first (I12)",
)
refuse(
    name="panel_grant_fixed",
    table="panels_panelgrant",
    on="UPDATE",
    message="a grant is given or taken with its seat, never edited (I12)",
)

# A row of a panel names an event of that panel's own stream: no change rides on somebody else's event (I8).
for _table, _panel in (
    ("panels_seat", "p.id = NEW.panel_id"),
    ("panels_appointment", "p.id = NEW.panel_id"),
    ("panels_declaration", "p.id = NEW.panel_id"),
    ("panels_sitting", "p.id = NEW.panel_id"),
    ("panels_item", "p.id = NEW.panel_id"),
    *(
        (f"panels_{_name}", "p.id = (SELECT i.panel_id FROM panels_item i WHERE i.id = NEW.item_id)")
        for _name in ("attendance", "recusal", "position", "composition", "outcome")
    ),
    ("panels_disinterestcheck", "p.id = (SELECT a.panel_id FROM panels_appointment a WHERE a.id = NEW.appointment_id)"),
):
    refuse(
        name=f"{_table}_in_its_stream",
        table=_table,
        on=("INSERT", "UPDATE") if _table in {"panels_appointment", "panels_sitting", "panels_item"} else "INSERT",
        when="NOT EXISTS (SELECT 1 FROM panels_panel p JOIN audit_event e ON e.stream = p.stream "
        f"WHERE e.id = NEW.event_id AND {_panel})",
        message="the event named is not of this panel: record one on its own stream",
    )
