"""Replaying the events and comparing what they say with what the tables hold.

The fence stops whoever has no right to the database's schema. Whoever takes it away for a moment can change a row and
put it back, and no trigger ever tells; the events still say what was done. Every application declares in its own
``reconciling`` how its events become rows (``Replay``); here they are read and compared.
"""

from audit.reconciling.events import Told
from audit.reconciling.replay import Replay
from audit.reconciling.run import Account, reconcile
from audit.reconciling.tables import Difference, Near, OneOf, Row, Table, Text

__all__ = ["Account", "Difference", "Near", "OneOf", "Replay", "Row", "Table", "Text", "Told", "reconcile"]
