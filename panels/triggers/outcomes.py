"""What a panel concluded: with a Coalition representative's own position, and everybody's (I2, I3, I4)."""
# ruff: noqa: S608  the statements are built from our own constants

from audit.triggers import refuse
from panels.triggers.sql import COALITION_POSITION, MAY_SPEAK, SILENT

refuse(
    name="outcome_needs_coalition",
    table="panels_outcome",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM panels_item i JOIN panels_composition k ON k.item_id = i.id "
    "WHERE i.id = NEW.item_id AND i.state = 'open' AND k.id = NEW.composition_id AND EXISTS ("
    + COALITION_POSITION.format(panel="i.panel_id", item="i.id")
    + "))",
    message="an outcome needs an open item, its stored composition, and the position of a Coalition representative "
    "who is present and clear, entered by themself",
)
refuse(
    name="outcome_needs_every_position",
    table="panels_outcome",
    on="INSERT",
    when=f"EXISTS ({SILENT})",
    message="a member who counts for this item has taken no position: record it before the outcome",
)
refuse(
    name="composition_of_an_open_item",
    table="panels_composition",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM panels_item i WHERE i.id = NEW.item_id AND i.state = 'open')",
    message="the composition is stored while its item is open, when it is decided",
)
refuse(
    name="position_of_a_counted_member",
    table="panels_position",
    on="INSERT",
    when=f"NOT EXISTS ({MAY_SPEAK})",
    message="only a member who is present, not recused and clear may take a position on an open item",
)
refuse(
    name="position_at_one_tier",
    table="panels_position",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM panels_item i JOIN panels_panel p ON p.id = i.panel_id "
    "JOIN panels_appointment a ON a.id = NEW.appointment_id "
    "JOIN panels_item j ON j.case_ref = i.case_ref AND j.id <> i.id "
    "JOIN panels_panel o ON o.id = j.panel_id AND o.kind <> p.kind "
    "JOIN panels_position x ON x.item_id = j.id JOIN panels_appointment y ON y.id = x.appointment_id "
    "AND y.person_id = a.person_id "
    "WHERE i.id = NEW.item_id AND p.kind IN ('site_visit', 'moderation', 'conditions', 'decision') "
    "AND o.kind IN ('site_visit', 'moderation', 'conditions', 'decision'))",
    message="this person took a position on the case at another tier: nobody judges a case twice (I4)",
)
