import subprocess
import sys

import pytest

from audit import actions, checkpoints
from audit.exporting.export import Wanted, export

SECRETS = ("Ann Other", "ann.other@example.org", "She is the sister of the chair.")


def verify(folder, *arguments):
    """What an auditor does: the verifier that lies in the folder, with nothing of ours on the path."""
    command = [sys.executable, "-I", "verify_log.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


FULL = ("export.jsonl", "checkpoint.txt", "--keys", "vkeys.txt")


@pytest.fixture
def note(clerk):
    """Record things about a case, some of them in confidence."""

    def make(case, count=1):
        name, email, reason = SECRETS
        for _ in range(count):
            actions.record(
                case,
                "case.noted",
                by=clerk,
                public={"count": case.audit_seq},
                private={"person": {"name": name, "email": email}, "free_text": {"reason": reason}},
            )
            actions.settle(case)

    return make


@pytest.fixture
def head(open_case, note):
    """The head of a small signed log of two cases."""
    for name in ("Leeds", "York"):
        note(open_case(name), 5)
    return checkpoints.sign_head()


@pytest.fixture
def exported(head, tmp_path):
    """Export that log, or its next part, into a folder."""

    def make(name="out", **wanted):
        folder = tmp_path / name
        export(folder, Wanted(checkpoints.latest(), **wanted))
        return folder

    return make
