"""Objections and rulings: raised in time, and ruled on by the conflicts guardian alone (I3, I7)."""

from audit.triggers import refuse

refuse(
    name="objection_before_the_sitting",
    table="panels_objection",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM panels_item i JOIN panels_sitting g ON g.id = i.sitting_id "
    "WHERE i.panel_id = NEW.panel_id AND i.case_ref = NEW.case_ref AND i.organisation_id = NEW.organisation_id "
    "AND g.convened_at IS NULL) "
    "OR NOT EXISTS (SELECT 1 FROM panels_appointment a WHERE a.panel_id = NEW.panel_id "
    "AND a.person_id = NEW.person_id AND a.state IN ('proposed', 'invited', 'accepted'))",
    message="an applicant objects to a member of the panel that has its case on the agenda, before the panel sits",
)
refuse(
    name="ruling_by_the_guardian",
    table="panels_ruling",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM directory_organisationgrant h JOIN auth_permission m ON m.id = h.permission_id "
    "JOIN directory_organisation o ON o.id = h.content_object_id "
    "WHERE h.user_id = NEW.ruled_by_id AND m.codename = 'rule_on_conflicts' AND o.code = 'BOARD') "
    "OR EXISTS (SELECT 1 FROM panels_appointment a WHERE a.panel_id = NEW.panel_id "
    "AND a.person_id = NEW.ruled_by_id AND a.state IN ('proposed', 'invited', 'accepted'))",
    message="only the conflicts guardian rules on interests, and on no panel they have a seat on",
)
refuse(
    name="ruling_never_lifts",
    table="panels_ruling",
    on="INSERT",
    when="NEW.verdict = 'dismissed' AND NEW.rule IN ('D1', 'D9', 'D13', 'D14')",
    message="nobody lifts the tests of one's own organisation, of an earlier part, of the Board, or of the declaration",
)
