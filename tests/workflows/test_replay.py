"""The main job: 211 CCGs through the whole process, held to the published figures. Every expected value is a C fact."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from audit.invariants import CHECKS as AUDIT
from authorisation.invariants import CHECKS as AUTHORISATION
from authorisation.models import Application, Publication, Window
from directory.invariants import CHECKS as DIRECTORY
from panels.invariants import CHECKS as PANELS
from panels.models import Item, ItemState
from tests.audit.reconciling.told import differences
from workflows.engine.invariants import CHECKS as ENGINE
from workflows.replay.stories import told

WAVES = [
    {"wave": 1, "decided": 34, "full": 8, "conditional": 26, "with_directions": 0},
    {"wave": 2, "decided": 67, "full": 19, "conditional": 48, "with_directions": 3},
    {"wave": 3, "decided": 62, "full": 6, "conditional": 56, "with_directions": 5},
    {"wave": 4, "decided": 48, "full": 10, "conditional": 38, "with_directions": 7},
]
REVIEWS = [
    {"review": 0, "full": 106, "conditional": 105, "with_directions": 14},
    {"review": 1, "full": 152, "conditional": 59, "with_directions": 8},
    {"review": 2, "full": 180, "conditional": 31, "with_directions": 7},
]


def replay(*options: str) -> dict:
    out = StringIO()
    call_command("replay", "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def broken() -> list[str]:
    return [
        f"{name}: {sentence}"
        for checks in (AUDIT, DIRECTORY, PANELS, AUTHORISATION, ENGINE)
        for name, check in checks.items()
        for sentence in check()
    ]


def stranger(folder: Path, *arguments: str) -> dict:
    """What the exported verifier says, by a Python that sees nothing of ours."""
    files = ["export.jsonl", "checkpoint.txt", "--keys", "vkeys.txt", "--json"]
    command = [sys.executable, "-I", "verify_log.py", *arguments[:1], *files, *arguments[1:]]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    return json.loads(told.stdout)


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_whole_replay(tmp_path):
    result = replay()
    assert result["waves"] == WAVES
    assert result["reviews"] == REVIEWS
    assert result["panels_without_coalition_representative"] == 0
    assert [story.sentence for story in told() if not story.holds] == []
    assert dict(Application.objects.values_list("stage").annotate(Count("pk"))) == {"closed": 180, "review": 31}
    assert Publication.objects.count() == 211
    # Silence is an answer too: some windows were closed by the clock.
    assert Window.objects.filter(lapsed_at__isnull=False).exists()
    assert Window.objects.filter(answered_at__isnull=False).exists()
    assert broken() == []
    assert differences() == []
    _verifies_with_nothing_but_python(tmp_path / "export")


def _verifies_with_nothing_but_python(folder: Path) -> None:
    """Whole, and every item that was decided recomputed, without disclosures and with them."""
    call_command("audit_export", str(folder), private=True, stdout=StringIO())
    assert stranger(folder)["facts"]["size"] == len((folder / "export.jsonl").read_bytes().splitlines())
    decided = Item.objects.filter(state=ItemState.CLOSED).count()
    for more in ([], ["--disclosures", "private.jsonl"]):
        counts = stranger(folder, "rules", *more)["facts"]["rules"]
        assert counts["items recomputed"] == counts["items decided"] == decided > 1000
        assert counts["items not recomputable"] == 0
        assert counts["Coalition voices heard"] >= decided


@pytest.mark.django_db(transaction=True)
def test_replay_until_a_day_stops_there_and_refuses_to_begin_again():
    result = replay("--until", "2012-06-30", "--wave", "1")
    assert result["waves"] == []
    assert set(Application.objects.values_list("stage", flat=True)) == {"preparation", "desk_top"}
    assert Application.objects.count() == 34
    with pytest.raises(CommandError, match="already holds applications"):
        replay("--wave", "1")
