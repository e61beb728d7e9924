"""The stages of the two ways through the flow, and what is held against every state of it."""

from authorisation.enums import Stage
from workflows.management.commands.check_invariants import all_checks

FULL = [
    Stage.PREPARATION,
    Stage.DESK_TOP,
    Stage.SECOND_READING,
    Stage.SITE_VISIT_PLANNING,
    Stage.SITE_VISIT,
    Stage.REPORT,
    Stage.REPORT_COMMENTS,
    Stage.MODERATION,
    Stage.DECISION,
    Stage.LETTER,
    Stage.PUBLICATION,
    Stage.CLOSED,
]
CONDITIONAL = [
    *FULL[:8],
    Stage.SIGN_OFF,
    Stage.CONDITIONS_PANEL,
    Stage.CONDITIONS_RESPONSE,
    Stage.RESPONSE_ASSESSMENT,
    Stage.DECISION,
    Stage.LETTER,
    Stage.PUBLICATION,
    Stage.PLAN,
    Stage.REVIEW,
    Stage.CLOSED,
]
BEFORE_DECISION = CONDITIONAL[: CONDITIONAL.index(Stage.LETTER)]


def broken():
    return {name: sentences for name, check in all_checks().items() if (sentences := check())}
