"""Sittings and items: nothing is taken without a Coalition representative, or out of order (I1, I3)."""
# ruff: noqa: S608  the statements are built from our own constants

from audit.triggers import refuse
from panels.states import ITEM
from panels.triggers.sql import COALITION_APPOINTMENT, COALITION_VOICE, TRAINED

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
    name="sitting_needs_confirmed_panel",
    table="panels_sitting",
    on="UPDATE",
    when="NEW.convened_at IS NOT NULL AND OLD.convened_at IS NULL AND NOT EXISTS (SELECT 1 FROM panels_panel p "
    "WHERE p.id = NEW.panel_id AND p.confirmed_at IS NOT NULL AND p.closed_at IS NULL)",
    message="the panel is not confirmed, or it is closed: confirm its members before it sits",
)
refuse(
    name="sitting_of_an_open_panel",
    table="panels_sitting",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM panels_panel p WHERE p.id = NEW.panel_id AND p.closed_at IS NOT NULL)",
    message="the panel is closed: propose another one",
)
refuse(
    name="sitting_keeps_its_panel",
    table="panels_sitting",
    on="UPDATE",
    when="NEW.panel_id <> OLD.panel_id OR OLD.closed_at IS NOT NULL OR (OLD.convened_at IS NOT NULL "
    'AND (NEW.convened_at IS DISTINCT FROM OLD.convened_at OR NEW."on" <> OLD."on" OR NEW.place <> OLD.place '
    "OR NEW.round <> OLD.round))",
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
    "OR NEW.organisation_id <> OLD.organisation_id OR NEW.cycle <> OLD.cycle OR OLD.state = 'closed'",
    message="an item keeps its panel, sitting and case, and a closed item does not change",
)
refuse(
    name="item_goes_on",
    table="panels_item",
    on="UPDATE",
    when=f"NEW.state <> OLD.state AND {ITEM.refused_sql()}",
    message="an item is opened, stopped, opened again and decided, and goes no other way",
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
    name="attendance_of_the_trained",
    table="panels_attendance",
    on="INSERT",
    when="NEW.present AND NOT EXISTS (SELECT 1 FROM panels_appointment a JOIN panels_seat s ON s.id = a.seat_id "
    "JOIN panels_item i ON i.id = NEW.item_id JOIN panels_sitting g ON g.id = i.sitting_id "
    f"WHERE a.id = NEW.appointment_id AND {TRAINED})",
    message="the member has no record of the training their seat asks for: record it before they sit",
)
refuse(
    name="attendance_of_one_a_seat",
    table="panels_attendance",
    on="INSERT",
    when="NEW.present AND EXISTS (SELECT 1 FROM panels_appointment a "
    "JOIN panels_appointment b ON b.seat_id = a.seat_id AND b.id <> a.id AND b.state = 'accepted' "
    "WHERE a.id = NEW.appointment_id "
    "AND (SELECT t.present FROM panels_attendance t WHERE t.item_id = NEW.item_id AND t.appointment_id = b.id "
    "ORDER BY t.id DESC LIMIT 1) "
    "AND NOT EXISTS (SELECT 1 FROM panels_recusal r WHERE r.item_id = NEW.item_id AND r.appointment_id = b.id))",
    message="somebody else holds this seat in the room: an alternate takes it when they have left",
)
