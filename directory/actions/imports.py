"""A file of organisations enters the directory: wholly, or not at all."""

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction

from audit.actions import record_system
from audit.rows import update_rows
from directory.actions.organisations import build, ids_by_code
from directory.errors import BadFile
from directory.importing import record_rows
from directory.models import Organisation, OrganisationKind
from directory.organisation_file import Row, Source, identify, read
from directory.permissions import Actor, check_may_administer
from directory.rows import NewOrganisation

BATCH = 1_000
FAULTS_LISTED = 50
# Nobody stacks organisations so deep; a longer chain is a mistake in the file.
DEEPEST = 12
# Kinds that fill no seat of a panel; there may be many thousands of them.
NAMES_NOBODY = frozenset({OrganisationKind.PRACTICE, OrganisationKind.PROVIDER, OrganisationKind.COMMISSIONING_SUPPORT})

Progress = Callable[[str, int], None]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ImportResult:
    added: int
    updated: int
    unchanged: int


@dataclass(slots=True)
class _Survey:
    """What the first pass learns. Codes and parents are all it keeps of a row."""

    source: Source
    row_of: dict[str, int] = field(default_factory=dict)
    parent_of: dict[str, str] = field(default_factory=dict)
    # How many parents must be written before this one; most need none and are not listed.
    level_of: dict[str, int] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    # Kind and code of those new ones that may name people for a seat: an auditor has to know what each is.
    bodies: list[tuple[str, str]] = field(default_factory=list)
    updated: int = 0
    unchanged: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    faults_in_all: int = 0

    def fault(self, row: int, text: str) -> None:
        self.faults_in_all += 1
        if len(self.faults) < FAULTS_LISTED:
            self.faults.append((row, text))


@transaction.atomic
def import_organisations(
    *, path: Path, by: Actor, dry_run: bool = False, progress: Progress = lambda _phase, _rows: None
) -> ImportResult:
    """Add what is new in the file and update what differs, under one event; rows that agree are left alone.

    Codes identify organisations; a code keeps its kind. Organisations that the file does not name stay as they are.
    `progress` hears the phase ("checking", "writing") and the rows done. The file is read several times, so it must be
    a file, and must not change meanwhile. Raises BadFile with every fault, and then nothing was changed.
    """
    check_may_administer(by)
    source = identify(path)
    survey = _survey(source, progress)
    result = ImportResult(len(survey.new), survey.updated, survey.unchanged)
    if dry_run:
        return result
    public = {
        "file_sha256": source.sha256,
        "layout": "eccg" if source.is_eccg else "own",
        "added": result.added,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "listed": len(survey.bodies),
    }
    event = record_system(
        "directory.imported",
        by=by,
        public=public,
        private={"free_text": {"file": path.name.encode(errors="replace").decode()}},
    )
    if survey.bodies:
        record_rows("bodies", survey.bodies, list, by=by)
    _apply(survey, event.pk, progress)
    if identify(path).sha256 != source.sha256:
        raise BadFile(f"{path.name} changed while it was read; nothing was imported. Run the import again.")
    return result


def _survey(source: Source, progress: Progress) -> _Survey:
    """Check every row, and count what the import would do. Raises BadFile with the faults."""
    survey = _Survey(source)
    done = 0
    for batch in _batches(read(source)):
        sound = [row.organisation for row in batch if _note(survey, row) and row.organisation is not None]
        _compare(survey, sound)
        done += len(batch)
        progress("checking", done)
    if not done:
        raise BadFile(f"{source.path.name} holds no organisations: nothing was imported.")
    _check_parents(survey)
    if survey.faults_in_all:
        raise BadFile(_report(survey))
    return survey


def _note(survey: _Survey, row: Row) -> bool:
    """Remember a row's code and parent and report what is wrong with it; true when it is sound."""
    for text in row.faults:
        survey.fault(row.number, text)
    if row.organisation is None:
        return False
    code = row.organisation.code
    first = survey.row_of.setdefault(code, row.number)
    if first != row.number:
        survey.fault(row.number, f"code {code[:20]} is already on row {first}")
        return False
    if row.organisation.parent_code:
        survey.parent_of[code] = row.organisation.parent_code
    return not row.faults


def _compare(survey: _Survey, sound: list[NewOrganisation]) -> None:
    known = _known([row.code for row in sound])
    for row in sound:
        standing = known.get(row.code)
        if standing is None:
            survey.new.add(row.code)
            if row.kind not in NAMES_NOBODY:
                survey.bodies.append((str(row.kind), row.code))
        elif standing["kind"] != row.kind:
            survey.fault(
                survey.row_of[row.code],
                f"{row.code} is recorded as '{standing['kind']}' and cannot become '{row.kind}'; use another code",
            )
        elif _differs(survey.source, row, standing):
            survey.updated += 1
        else:
            survey.unchanged += 1


def _known(codes: list[str]) -> dict[str, Mapping[str, Any]]:
    rows = Organisation.objects.filter(code__in=codes).values(
        "pk", "code", "kind", "name", "opened", "closed", "postcode", "parent__code", "synthetic"
    )
    return {row["code"]: row for row in rows}


def _differs(source: Source, row: NewOrganisation, standing: Mapping[str, Any]) -> bool:
    same = all(
        getattr(row, name) == standing[name] for name in ("name", "opened", "closed", "postcode", "synthetic")
    ) and (source.is_eccg or row.parent_code == (standing["parent__code"] or ""))
    return not same


def _check_parents(survey: _Survey) -> None:
    """Every parent exists, here or in the directory, and no chain of parents is a circle."""
    if not survey.parent_of:
        return
    outside = ids_by_code({code for code in survey.parent_of.values() if code not in survey.row_of})
    standing = Organisation.objects.filter(parent__isnull=False).values_list("code", "parent__code")
    # The file overrules the directory, also where it says that there is no parent.
    elsewhere = {code: parent for code, parent in standing.iterator() if code not in survey.row_of}
    chain = ChainMap(survey.parent_of, elsewhere)
    for code, parent in survey.parent_of.items():
        row = survey.row_of[code]
        if parent not in survey.row_of and parent not in outside:
            survey.fault(row, f"parent {parent[:20]} is neither in this file nor in the directory")
        elif parent != code:
            _check_chain(survey, code, chain)


def _check_chain(survey: _Survey, code: str, chain: Mapping[str, str]) -> None:
    passed = [code]
    level, counting = 0, True
    while (parent := chain.get(passed[-1])) is not None:
        counting = counting and parent in survey.new
        level += counting
        passed.append(parent)
        if parent == code:
            survey.fault(survey.row_of[code], f"its parents go round in a circle: {' > '.join(passed)}")
            return
        if len(passed) > DEEPEST:
            survey.fault(survey.row_of[code], f"has more than {DEEPEST - 1} parents above it, or they form a circle")
            return
    if level:
        survey.level_of[code] = level


def _apply(survey: _Survey, event_id: int, progress: Progress) -> None:
    """Write level by level, so that every parent has its id before its children need it."""
    done = 0
    for level in range(max(survey.level_of.values(), default=0) + 1):
        rows = (
            row.organisation
            for row in read(survey.source)
            if row.organisation is not None and survey.level_of.get(row.organisation.code, 0) == level
        )
        for batch in _batches(rows):
            _write(survey.source, batch, event_id)
            done += len(batch)
            progress("writing", done)


def _write(source: Source, batch: list[NewOrganisation], event_id: int) -> None:
    known = _known([row.code for row in batch])
    parents = ids_by_code({row.parent_code for row in batch if row.parent_code})
    new: list[Organisation] = []
    changed: list[Organisation] = []
    for row in batch:
        standing = known.get(row.code)
        organisation = build(row, parents.get(row.parent_code), event_id)
        if standing is None:
            new.append(organisation)
        elif _differs(source, row, standing):
            organisation.pk = standing["pk"]
            changed.append(organisation)
    Organisation.objects.bulk_create(new, batch_size=BATCH)
    if changed:
        fields = ["name", "opened", "closed", "postcode", "synthetic", "event"]
        update_rows(changed, fields if source.is_eccg else [*fields, "parent"])


def _report(survey: _Survey) -> str:
    faults = "1 fault" if survey.faults_in_all == 1 else f"{survey.faults_in_all} faults"
    lines = [f"{survey.source.path.name}: {faults}; nothing was imported."]
    lines += [f"  row {row}: {text}" for row, text in sorted(survey.faults)]
    if survey.faults_in_all > len(survey.faults):
        lines.append(f"  and {survey.faults_in_all - len(survey.faults)} more")
    return "\n".join(lines)


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
