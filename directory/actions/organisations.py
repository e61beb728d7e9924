"""Organisations are added, renamed and closed."""

from collections.abc import Collection, Sequence
from datetime import date

from django.db import transaction

from audit.actions import record_system
from directory.errors import BadOrganisation
from directory.importing import record_rows
from directory.models import Organisation, OrganisationKind
from directory.permissions import Actor, check_may_administer
from directory.policies import check_can_close, check_organisation
from directory.rows import NewOrganisation
from directory.rules import tidy

BATCH = 1_000


@transaction.atomic
def add_organisation(
    *,
    kind: OrganisationKind | str,
    code: str,
    name: str,
    by: Actor,
    opened: date | None = None,
    closed: date | None = None,
    postcode: str = "",
    parent: Organisation | None = None,
    synthetic: bool = False,
) -> Organisation:
    """Record an organisation. Raises BadOrganisation for bad values or a code that is taken."""
    check_may_administer(by)
    row = NewOrganisation(
        kind=kind,
        code=code,
        name=name,
        opened=opened,
        closed=closed,
        postcode=postcode,
        parent_code=parent.code if parent else "",
        synthetic=synthetic,
    )
    check_organisation(row)
    _check_codes_free([row])
    event = record_system("organisation.added", by=by, public=_public(row))
    organisation = build(row, parent.pk if parent else None, event.pk)
    organisation.save(force_insert=True)
    return organisation


@transaction.atomic
def add_many(*, organisations: Sequence[NewOrganisation], by: Actor) -> list[Organisation]:
    """Record many organisations in the order given; a parent stands before its children or is known.

    Each stands in an event of the import. Raises BadOrganisation for the first one refused.
    """
    check_may_administer(by)
    for row in organisations:
        check_organisation(row)
    _check_codes_free(organisations)
    events = record_rows("organisations", organisations, lambda row: list(_public(row).values()), by=by)
    parents = ids_by_code({row.parent_code for row in organisations if row.parent_code})
    written: list[Organisation] = []
    batch: list[Organisation] = []
    waiting: set[str] = set()
    for row, event in zip(organisations, events, strict=True):
        if row.parent_code in waiting:
            written += _insert(batch, parents)
            batch, waiting = [], set()
        batch.append(build(row, _parent_id(row, parents), event))
        waiting.add(row.code)
    return written + _insert(batch, parents)


@transaction.atomic
def rename_organisation(*, organisation: Organisation, name: str, by: Actor) -> Organisation:
    """Give an organisation another name; the event keeps both."""
    check_may_administer(by)
    organisation = _lock(organisation)
    check_organisation(NewOrganisation(kind=organisation.kind, code=organisation.code, name=name))
    public = {"code": organisation.code, "from": organisation.name, "to": tidy(name)}
    organisation.event_id = record_system("organisation.renamed", by=by, public=public).pk
    organisation.name = tidy(name)
    organisation.save(update_fields=["name", "event"])
    return organisation


@transaction.atomic
def close_organisation(*, organisation: Organisation, closed: date, by: Actor) -> Organisation:
    """Record the last day of an organisation. Raises BadOrganisation while a post there lasts longer."""
    check_may_administer(by)
    organisation = _lock(organisation)
    check_can_close(organisation, closed)
    public = {"code": organisation.code, "closed": closed.isoformat()}
    organisation.event_id = record_system("organisation.closed", by=by, public=public).pk
    organisation.closed = closed
    organisation.save(update_fields=["closed", "event"])
    return organisation


def ids_by_code(codes: Collection[str]) -> dict[str, int]:
    """The ids of those of these codes that the directory knows, asked for in batches."""
    known: dict[str, int] = {}
    listed = sorted(codes)
    for start in range(0, len(listed), BATCH):
        rows = Organisation.objects.filter(code__in=listed[start : start + BATCH])
        known.update(rows.values_list("code", "pk"))
    return known


def build(row: NewOrganisation, parent_id: int | None, event_id: int) -> Organisation:
    """The row to write for plain values that were checked."""
    return Organisation(
        kind=row.kind,
        code=row.code,
        name=tidy(row.name),
        opened=row.opened,
        closed=row.closed,
        postcode=tidy(row.postcode),
        parent_id=parent_id,
        synthetic=row.synthetic,
        event_id=event_id,
    )


def _lock(organisation: Organisation) -> Organisation:
    return Organisation.objects.select_for_update().get(pk=organisation.pk)


def _insert(batch: list[Organisation], parents: dict[str, int]) -> list[Organisation]:
    written = Organisation.objects.bulk_create(batch, batch_size=BATCH)
    parents.update((organisation.code, organisation.pk) for organisation in written)
    return written


def _parent_id(row: NewOrganisation, parents: dict[str, int]) -> int | None:
    if not row.parent_code:
        return None
    if row.parent_code not in parents:
        raise BadOrganisation(
            f"Organisation {row.code}: its parent {row.parent_code} is not known; add it first, or list it before."
        )
    return parents[row.parent_code]


def _public(row: NewOrganisation) -> dict[str, str | bool | None]:
    return {
        "kind": str(row.kind),
        "code": row.code,
        "name": row.name,
        "opened": row.opened.isoformat() if row.opened else None,
        "closed": row.closed.isoformat() if row.closed else None,
        "postcode": row.postcode,
        "parent": row.parent_code,
        "synthetic": row.synthetic,
    }


def _check_codes_free(rows: Sequence[NewOrganisation]) -> None:
    codes: set[str] = set()
    for row in rows:
        if row.code in codes:
            raise BadOrganisation(f"Code {row.code} is given to two organisations: every one needs its own.")
        codes.add(row.code)
    if taken := ids_by_code(codes):
        raise BadOrganisation(f"Code {min(taken)} already belongs to an organisation: use import to update it.")
