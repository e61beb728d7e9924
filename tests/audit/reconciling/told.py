"""What is told of a database: every difference between its events and its tables."""

from audit.reconciling import Account, reconcile
from workflows.reconciliation import UNTOLD, all_replays


def differences(only=""):
    return [str(each) for each in reconcile(all_replays(), untold=UNTOLD, only=only, account=Account())]
