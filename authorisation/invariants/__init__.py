"""What was decided and who may read it, recomputed from the facts (I2-I10, I12).

Each check is a few statements over whole tables, whatever the number of cases; its sentences name cases.
"""

from collections.abc import Callable

from authorisation.invariants import access, deciding, recording, tiers

CHECKS: dict[str, Callable[[], list[str]]] = {**deciding.CHECKS, **tiers.CHECKS, **access.CHECKS, **recording.CHECKS}
