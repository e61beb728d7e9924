"""Loading criteria and rule sets: each version once, hashed, never edited."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit import clock
from audit.actions import record_system
from authorisation.errors import RuleSetRefused
from authorisation.models import CriteriaSet, Criterion, RuleSet
from authorisation.rulesets import TOLD, catalogue_digest, published, read
from panels.permissions import check_administers

if TYPE_CHECKING:
    from panels.permissions import Actor

COLUMNS = ("code", "domain", "heading", "paraphrase", "placeholder", "mark", "source")
REAL_CODE = re.compile(r"^[1-6]\.\d(\.\d)?[A-Z]$")
PLACEHOLDER_CODE = re.compile(r"^P[1-6]\.\d\d$")
MARKS = frozenset("CIKUS")
SHOWN = 50
VERSION_LENGTH = 40
LONGEST = {"heading": 200, "paraphrase": 500, "source": 300}


@transaction.atomic
def import_criteria(*, source: bytes, version: str, by: Actor) -> CriteriaSet:
    """A new version of the catalogue, all or nothing.

    Raises RuleSetRefused with a line per faulty row, or when the version exists with other content; loading the same
    bytes again changes nothing.
    """
    check_administers(by)
    if not version.strip() or len(version) > VERSION_LENGTH:
        raise RuleSetRefused(f"Criteria need a version of 1 to {VERSION_LENGTH} characters, for example 2012.")
    sha256 = hashlib.sha256(source).hexdigest()
    if known := CriteriaSet.objects.filter(version=version).first():
        if known.sha256 == sha256:
            return known
        raise RuleSetRefused(f"Criteria {version} are loaded already with other content: give a new version.")
    rows = _rows(source)
    listed = [_told(position, row) for position, row in enumerate(rows, start=1)]
    event = record_system(
        "criteria.imported",
        by=by,
        public={"version": version, "sha256": sha256, "criteria": len(rows), "rows_sha256": catalogue_digest(listed)},
    )
    catalogue = CriteriaSet.objects.create(event=event, version=version, sha256=sha256, loaded_at=clock.now())
    Criterion.objects.bulk_create(
        Criterion(event=event, criteria_set=catalogue, **dict(zip(TOLD, row, strict=True))) for row in listed
    )
    return catalogue


def _told(position: int, row: Mapping[str, str]) -> list[Any]:
    """The columns of one criterion, in the order of ``TOLD``."""
    real = [position, row["code"], int(row["domain"]), row["heading"], row["paraphrase"]]
    return [*real, row["placeholder"] == "true", row["mark"], row["source"]]


def _rows(source: bytes) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(source.decode("utf-8-sig"), newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise RuleSetRefused(f"The first line must name the columns {','.join(COLUMNS)}.")
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RuleSetRefused(f"This is not a CSV file in UTF-8: {error}.") from error
    faults = [fault for line, row in rows for fault in _row_faults(line, row)]
    seen: dict[str, int] = {}
    for line, row in rows:
        if row["code"] in seen:
            faults.append(f"row {line}: {row['code']} is already in row {seen[row['code']]}")
        seen.setdefault(row["code"], line)
    if not rows:
        faults.append("row 2: there is no criterion in the file")
    if faults:
        more = f" ... and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise RuleSetRefused("Nothing was imported. " + "; ".join(faults[:SHOWN]) + more + ".")
    return [row for _, row in rows]


def _row_faults(line: int, row: dict[str, str]) -> list[str]:
    if None in row or None in row.values():
        return [f"row {line}: it does not have {len(COLUMNS)} columns"]
    faults = []
    pattern = PLACEHOLDER_CODE if row["code"].startswith("P") else REAL_CODE
    if not pattern.fullmatch(row["code"]):
        faults.append(f'row {line}: "{row["code"]}" is not a criterion id; ids look like 3.1.1B')
    elif row["domain"] != row["code"].removeprefix("P")[0]:
        faults.append(f"row {line}: {row['code']} is not in domain {row['domain']}")
    if row["placeholder"] not in {"true", "false"}:
        faults.append(f'row {line}: placeholder is "{row["placeholder"]}"; write true or false')
    if row["mark"] not in MARKS:
        faults.append(f'row {line}: mark is "{row["mark"]}"; write one of {", ".join(sorted(MARKS))}')
    if not row["paraphrase"].strip():
        faults.append(f"row {line}: {row['code']} has no text")
    faults += [
        f"row {line}: {key} is longer than {longest} characters"
        for key, longest in LONGEST.items()
        if len(row[key]) > longest
    ]
    if any("\0" in value for value in row.values()):
        faults.append(f"row {line}: it holds a zero byte")
    return faults


@transaction.atomic
def load_ruleset(*, source: bytes, by: Actor) -> RuleSet:
    """A new version of the rules. Raises RuleSetRefused with every reason; the same bytes again change nothing."""
    check_administers(by)
    file = read(source)
    if known := RuleSet.objects.filter(version=file.version).first():
        if known.sha256 == file.sha256:
            return known
        raise RuleSetRefused(
            f"Rule set {file.version} is loaded already with other content: rules are never edited, give a new version."
        )
    catalogue = CriteriaSet.objects.filter(version=file.criteria_set).first()
    if catalogue is None:
        raise RuleSetRefused(
            f"Rule set {file.version} uses criteria {file.criteria_set}, which are not loaded: run "
            f"import_criteria with --criteria-version {file.criteria_set} first."
        )
    expected = file.body["meta"].get("criteria_count")
    if expected is not None and catalogue.criteria.count() != expected:
        raise RuleSetRefused(
            f"Rule set {file.version} expects {expected} criteria and criteria {file.criteria_set} "
            f"hold {catalogue.criteria.count()}: correct one of them."
        )
    event = record_system(
        "ruleset.loaded",
        by=by,
        ruleset=file.version,
        public={"version": file.version, "sha256": file.sha256, **published(file.body)},
    )
    return RuleSet.objects.create(
        event=event,
        version=file.version,
        title=file.title,
        sha256=file.sha256,
        source=file.source,
        body=file.body,
        criteria_set=catalogue,
        loaded_at=clock.now(),
    )
