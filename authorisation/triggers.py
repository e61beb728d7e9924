"""What the database itself refuses about decisions, conditions, letters and publication (I2, I4-I6, I8, I9)."""
# ruff: noqa: S608  the statements are built from our own constants

from audit.triggers import Statement, refuse
from authorisation.enums import PANEL_TIERS, TIER_ORDER
from panels.triggers import COALITION_POSITION_TAKEN

_COMPETENT = (
    "EXISTS (SELECT 1 FROM panels_outcome u JOIN panels_item i ON i.id = u.item_id "
    "JOIN panels_panel p ON p.id = i.panel_id "
    "JOIN panels_composition k ON k.id = u.composition_id AND k.item_id = i.id "
    "JOIN authorisation_application x ON x.id = NEW.application_id AND x.ref = i.case_ref "
    "AND x.ccg_id = i.organisation_id "
    "JOIN authorisation_ruleset r ON r.id = x.ruleset_id AND r.version = p.ruleset "
    "WHERE u.id = NEW.panel_outcome_id AND {kind} AND EXISTS ("
    + COALITION_POSITION_TAKEN.format(panel="i.panel_id", item="i.id")
    + "))"
)

for _table, _kind in (
    ("authorisation_decision", "p.kind = 'decision' AND u.outcome = NEW.outcome"),
    ("authorisation_recommendation", "p.kind = NEW.kind"),
    ("authorisation_applicationreview", "p.kind = 'review'"),
):
    refuse(
        name=f"{_table.removeprefix('authorisation_')}_needs_competent_item",
        table=_table,
        on="INSERT",
        when="NOT " + _COMPETENT.format(kind=_kind),
        message="this must rest on the outcome of a competent panel of the right kind, on this application, "
        "with its Coalition representative's position",
    )

for _table in ("decision", "recommendation", "applicationreview"):
    refuse(
        name=f"{_table}_by_others_than_assessors",
        table=f"authorisation_{_table}",
        on="INSERT",
        when="EXISTS (SELECT 1 FROM panels_outcome u JOIN panels_position p ON p.item_id = u.item_id "
        "JOIN panels_appointment a ON a.id = p.appointment_id JOIN authorisation_finding f "
        "ON f.application_id = NEW.application_id AND f.author_id = a.person_id "
        "AND f.tier IN ('desk_top', 'second_reading') WHERE u.id = NEW.panel_outcome_id)",
        message="somebody who assessed the application at the desk took a position on it: another panel must hear it",
    )
_TIERS = ", ".join(f"'{kind}'" for kind in PANEL_TIERS)
for _table in ("decision", "recommendation"):
    refuse(
        name=f"{_table}_by_others_than_earlier_tiers",
        table=f"authorisation_{_table}",
        on="INSERT",
        when="EXISTS (SELECT 1 FROM panels_outcome u JOIN panels_item i ON i.id = u.item_id "
        "JOIN panels_panel q ON q.id = i.panel_id JOIN panels_position p ON p.item_id = i.id "
        "JOIN panels_appointment a ON a.id = p.appointment_id JOIN panels_item j ON j.case_ref = i.case_ref "
        "JOIN panels_panel r ON r.id = j.panel_id AND r.kind <> q.kind JOIN panels_position o ON o.item_id = j.id "
        "JOIN panels_appointment b ON b.id = o.appointment_id AND b.person_id = a.person_id "
        f"WHERE u.id = NEW.panel_outcome_id AND q.kind IN ({_TIERS}) AND r.kind IN ({_TIERS}))",
        message="somebody who judged the application at another tier took a position on it: another panel must hear it",
    )
refuse(
    name="finding_by_none_of_its_panels",
    table="authorisation_finding",
    on="INSERT",
    when="NEW.tier IN ('desk_top', 'second_reading') AND EXISTS (SELECT 1 FROM authorisation_application x "
    "JOIN panels_item i ON i.case_ref = x.ref JOIN panels_panel q ON q.id = i.panel_id "
    "JOIN panels_position p ON p.item_id = i.id JOIN panels_appointment a ON a.id = p.appointment_id "
    f"WHERE x.id = NEW.application_id AND a.person_id = NEW.author_id AND q.kind IN ({_TIERS}))",
    message="somebody who judged the application in a panel takes no part in it at the desk: ask another",
)
refuse(
    name="decision_after_windows",
    table="authorisation_decision",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM authorisation_window w WHERE w.application_id = NEW.application_id "
    "AND w.stopped_at IS NULL AND w.closes_at > (SELECT u.reached_at FROM panels_outcome u "
    "WHERE u.id = NEW.panel_outcome_id) AND (w.waived_at IS NULL OR w.waived_at > (SELECT u.reached_at "
    "FROM panels_outcome u WHERE u.id = NEW.panel_outcome_id)))",
    message="no decision before the comment window has ended, unless the CCG waived it",
)
refuse(
    name="decision_follows_findings",
    table="authorisation_decision",
    on="INSERT",
    when="(NEW.outcome = 'full') = EXISTS (SELECT 1 FROM authorisation_finding f "
    "WHERE f.application_id = NEW.application_id AND f.tier = 'decision' AND NOT f.met)",
    message="fully authorised means no criterion unmet; with conditions means at least one",
)
_RANK = "CASE {row}.tier " + " ".join(f"WHEN '{tier}' THEN {rank}" for tier, rank in TIER_ORDER.items()) + " END"
_LATER = f"(g.attempt > f.attempt OR (g.attempt = f.attempt AND {_RANK.format(row='g')} > {_RANK.format(row='f')}))"
refuse(
    name="decision_leaves_nothing_unmet",
    table="authorisation_decision",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM authorisation_finding f WHERE f.application_id = NEW.application_id "
    "AND f.tier <> 'decision' AND NOT f.met AND NOT EXISTS (SELECT 1 FROM authorisation_finding g "
    f"WHERE g.application_id = f.application_id AND g.criterion_id = f.criterion_id AND {_LATER}))",
    message="a criterion stands unmet without a finding at the decision: find it unmet and impose its condition",
)
refuse(
    name="finding_before_decision",
    table="authorisation_finding",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM authorisation_decision d WHERE d.application_id = NEW.application_id)",
    message="the application is decided: what is found later belongs to a review of its conditions",
)
refuse(
    name="finding_read_by_another",
    table="authorisation_finding",
    on="INSERT",
    when="NEW.tier = 'second_reading' AND EXISTS (SELECT 1 FROM authorisation_finding f "
    "WHERE f.application_id = NEW.application_id AND f.tier = 'desk_top' AND f.author_id = NEW.author_id)",
    message="nobody reads again what they assessed: another reader is needed",
)
refuse(
    name="condition_from_unmet_criterion",
    table="authorisation_condition",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM authorisation_finding f JOIN authorisation_decision d ON d.id = NEW.decision_id "
    "WHERE f.id = NEW.finding_id AND f.tier = 'decision' AND NOT f.met AND f.criterion_id = NEW.criterion_id "
    "AND f.application_id = NEW.application_id AND d.application_id = NEW.application_id)",
    message="a condition rests on one criterion found unmet at the decision",
)
refuse(
    name="condition_keeps_its_criterion",
    table="authorisation_condition",
    on="UPDATE",
    when="NEW.finding_id <> OLD.finding_id OR NEW.criterion_id <> OLD.criterion_id OR OLD.state = 'discharged' "
    "OR NEW.application_id <> OLD.application_id OR NEW.decision_id <> OLD.decision_id "
    "OR NEW.discharge_test <> OLD.discharge_test OR NEW.imposed_at <> OLD.imposed_at",
    message="a condition keeps its criterion and its test, and a discharged condition does not change",
)
refuse(
    name="condition_changes_by_review",
    table="authorisation_condition",
    on="UPDATE",
    when="OLD.state = 'open' AND (NEW.state <> OLD.state OR NEW.level <> OLD.level) AND NOT EXISTS (SELECT 1 "
    "FROM authorisation_conditionchange g WHERE g.condition_id = NEW.id AND g.event_id = NEW.event_id "
    "AND g.from_level = OLD.level AND ((NEW.state = 'discharged' AND g.result = 'discharge' "
    "AND NEW.level = OLD.level) OR (NEW.state = 'open' AND g.result IN ('raise', 'lower') "
    "AND g.to_level = NEW.level)))",
    message="a condition is discharged, raised or lowered by a recorded review of it, in the same event",
)
refuse(
    name="condition_changed_in_its_review",
    table="authorisation_conditionchange",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM authorisation_applicationreview r JOIN authorisation_condition c "
    "ON c.id = NEW.condition_id AND c.application_id = r.application_id "
    "WHERE r.id = NEW.review_id AND r.event_id = NEW.event_id)",
    message="a condition changes in a review of its own application, in the same event",
)
refuse(
    name="direction_keeps_its_words",
    table="authorisation_direction",
    on="UPDATE",
    when="NEW.text <> OLD.text OR NEW.legal_basis <> OLD.legal_basis OR NEW.given_on <> OLD.given_on "
    "OR NEW.application_id <> OLD.application_id OR NEW.decision_id IS DISTINCT FROM OLD.decision_id "
    "OR NEW.review_id IS DISTINCT FROM OLD.review_id OR NEW.condition_id IS DISTINCT FROM OLD.condition_id "
    "OR OLD.ended_on IS NOT NULL",
    message="a direction keeps its words, and one that was lifted does not change: give another",
)
refuse(
    name="letter_states_every_condition",
    table="authorisation_letter",
    on="INSERT",
    when="(SELECT COUNT(*) FROM authorisation_condition c WHERE c.decision_id = NEW.decision_id) <> "
    "(SELECT COUNT(*) FROM authorisation_finding f JOIN authorisation_decision d ON d.id = NEW.decision_id "
    "WHERE f.application_id = d.application_id AND f.tier = 'decision' AND NOT f.met)",
    message="unmet criteria and conditions imposed must be the same before the letter goes out",
)
refuse(
    name="publication_after_letter",
    table="authorisation_publication",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM authorisation_letter t JOIN authorisation_decision d ON d.id = t.decision_id "
    "WHERE t.id = NEW.letter_id AND d.application_id = NEW.application_id AND t.issued_at <= NEW.published_at)",
    message="publication comes after the letter on the same application",
)
refuse(
    name="application_keeps_its_rules",
    table="authorisation_application",
    on="UPDATE",
    when="NEW.ruleset_id <> OLD.ruleset_id OR NEW.ccg_id <> OLD.ccg_id OR NEW.ref <> OLD.ref OR NEW.cycle <> OLD.cycle "
    "OR (OLD.process_id IS NOT NULL AND NEW.process_id IS DISTINCT FROM OLD.process_id)",
    message="an application keeps its CCG, its reference, its process and the rule set pinned to it",
)
refuse(
    name="finding_under_pinned_rules",
    table="authorisation_finding",
    on="INSERT",
    when="NOT EXISTS (SELECT 1 FROM authorisation_application a JOIN authorisation_ruleset r ON r.id = a.ruleset_id "
    "JOIN authorisation_criterion c ON c.id = NEW.criterion_id AND c.criteria_set_id = r.criteria_set_id "
    "WHERE a.id = NEW.application_id)",
    message="a finding is about a criterion of the rule set pinned to the application",
)
refuse(
    name="application_moves_by_agreement",
    table="authorisation_application",
    on="UPDATE",
    when="NEW.wave_id <> OLD.wave_id AND NOT EXISTS (SELECT 1 FROM authorisation_wavemove m "
    "WHERE m.application_id = NEW.id AND m.from_wave_id = OLD.wave_id AND m.to_wave_id = NEW.wave_id)",
    message="an application changes its wave by a recorded move with its reason",
)
refuse(
    name="window_keeps_its_days",
    table="authorisation_window",
    on="UPDATE",
    when="NEW.closes_at < OLD.closes_at OR NEW.opens_at <> OLD.opens_at OR NEW.kind <> OLD.kind "
    "OR NEW.application_id <> OLD.application_id OR NEW.attempt <> OLD.attempt",
    message="a window keeps its case and is never shortened",
)
refuse(
    name="window_ends_one_way",
    table="authorisation_window",
    on="UPDATE",
    when="(NEW.answered_at IS NOT NULL AND NEW.lapsed_at IS NOT NULL) "
    "OR (NEW.waived_at IS NOT NULL AND NEW.answered_at IS NULL) "
    "OR (NEW.answered_at IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM authorisation_windowanswer a WHERE a.window_id = NEW.id)) "
    "OR (NEW.lapsed_at IS NOT NULL AND NEW.lapsed_at < NEW.closes_at) "
    "OR (NEW.stopped_at IS NOT NULL AND OLD.stopped_at IS NULL AND NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.id = NEW.event_id AND e.event_type IN ('application.deferred', 'application.withdrawn')))",
    message="a window is answered with an answer, waived by it, lapses after its end, or stops with a deferral",
)

# A row about an application names an event of that application's own stream (I8).
_CHANGING: tuple[Statement, ...] = ("INSERT", "UPDATE")
_ONCE: tuple[Statement, ...] = ("INSERT",)
_OWN_EVENT: dict[str, tuple[Statement, ...]] = {
    **dict.fromkeys(("submission", "finding", "report", "recommendation", "proposedcondition", "wavemove"), _ONCE),
    **dict.fromkeys(("signoff", "decision", "publication", "applicationreview", "rectificationplan"), _ONCE),
    **dict.fromkeys(("window", "condition", "direction"), _CHANGING),
}
for _name, _on in _OWN_EVENT.items():
    refuse(
        name=f"{_name}_in_its_stream",
        table=f"authorisation_{_name}",
        on=_on,
        when="NOT EXISTS (SELECT 1 FROM authorisation_application x JOIN audit_event e ON e.stream = x.stream "
        "WHERE e.id = NEW.event_id AND x.id = NEW.application_id)",
        message="the event named is not of this application: record one on its own stream",
    )
for _name, _of in (
    ("letter", "JOIN authorisation_decision o ON o.application_id = x.id WHERE o.id = NEW.decision_id"),
    ("windowanswer", "JOIN authorisation_window o ON o.application_id = x.id WHERE o.id = NEW.window_id"),
):
    refuse(
        name=f"{_name}_in_its_stream",
        table=f"authorisation_{_name}",
        on="INSERT",
        when="NOT EXISTS (SELECT 1 FROM authorisation_application x JOIN audit_event e ON e.stream = x.stream "
        f"AND e.id = NEW.event_id {_of})",
        message="the event named is not of this application: record one on its own stream",
    )
