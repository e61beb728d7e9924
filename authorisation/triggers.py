"""What the database itself refuses about decisions, conditions, letters and publication (I2, I5, I6, I9)."""

from audit.triggers import refuse
from panels.triggers import COALITION_POSITION

_COMPETENT = (
    "EXISTS (SELECT 1 FROM panels_outcome u JOIN panels_item i ON i.id = u.item_id "
    "JOIN panels_panel p ON p.id = i.panel_id "
    "JOIN panels_composition k ON k.id = u.composition_id AND k.item_id = i.id "
    "JOIN authorisation_application x ON x.id = NEW.application_id AND x.ref = i.case_ref "
    "WHERE u.id = NEW.panel_outcome_id AND {kind} AND EXISTS ("
    + COALITION_POSITION.format(panel="i.panel_id", item="i.id")
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

refuse(
    name="decision_after_windows",
    table="authorisation_decision",
    on="INSERT",
    when="EXISTS (SELECT 1 FROM authorisation_window w WHERE w.application_id = NEW.application_id "
    "AND w.closes_at > NEW.decided_at AND w.waived_at IS NULL AND w.stopped_at IS NULL)",
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
    "OR NEW.application_id <> OLD.application_id OR NEW.decision_id <> OLD.decision_id",
    message="a condition keeps its criterion, and a discharged condition does not change",
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
    when="NEW.ruleset_id <> OLD.ruleset_id OR NEW.ccg_id <> OLD.ccg_id OR NEW.ref <> OLD.ref "
    "OR NEW.process_id <> OLD.process_id",
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
