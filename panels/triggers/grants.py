"""Grants on panels come and go with accepted seats (I12)."""

from audit.triggers import refuse

SEATED = """
    EXISTS (SELECT 1 FROM panels_appointment a
    JOIN panels_seat s ON s.id = a.seat_id
    JOIN auth_permission m ON m.id = {row}.permission_id
    JOIN panels_panel p ON p.id = a.panel_id AND p.closed_at IS NULL
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
