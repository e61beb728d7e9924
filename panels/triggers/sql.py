"""Conditions that several triggers share, in SQL that both databases read."""
# ruff: noqa: S608  the statements are built from our own constants

# The training a seat asks for stands on the day of a sitting.
TRAINED = """
    (s.accreditation = '' OR EXISTS (SELECT 1 FROM panels_accreditation q
     WHERE q.person_id = a.person_id AND q.kind = s.accreditation
       AND q.starts <= g."on" AND (q.ends IS NULL OR q.ends >= g."on")))
"""

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

# The position of the Coalition's seat is entered by whoever holds it, by nobody for them.
COALITION_POSITION = (
    COALITION_VOICE
    + """
      AND (SELECT p.entered_by_id FROM panels_position p
           WHERE p.item_id = {item} AND p.appointment_id = a.id ORDER BY p.id DESC LIMIT 1) = a.person_id
"""
)

# Once an item is decided its members may stand down; what they decided stands.
COALITION_POSITION_TAKEN = COALITION_VOICE.replace("a.state = 'accepted'", "a.state IN ('accepted', 'stood_down')") + (
    "      AND EXISTS (SELECT 1 FROM panels_position p WHERE p.item_id = {item} AND p.appointment_id = a.id)\n"
)

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

# Any position of a member will do here although the latest counts: positions are never deleted, and one is never
# taken back but by another, so whoever has one has a latest one. Whether that is entered by the right hand is asked
# of the Coalition's above, and of the others by the action.
MAY_SPEAK = COUNTED.format(which="a.id = NEW.appointment_id")
SILENT = (
    COUNTED.format(which="a.panel_id = i.panel_id")
    + " AND NOT EXISTS (SELECT 1 FROM panels_position p WHERE p.item_id = i.id AND p.appointment_id = a.id)"
)
