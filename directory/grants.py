"""Who may do what on which organisation: the only door to the guardian rows (invariant I12).

Every grant follows from a post in force of an active person. The actions that change posts and people call
`synchronise`, in the same transaction; nobody else writes grants, and the database refuses one that no post justifies.
"""

import functools
from collections.abc import Collection, Iterable

from django.contrib.auth.models import AnonymousUser, Permission
from django.db import DEFAULT_DB_ALIAS, connection

from directory.errors import BadGrant
from directory.models import Organisation, OrganisationGrant, Person, Post
from directory.rules import CODENAMES, POST_GRANTS, grants_of

__all__ = ["CODENAMES", "POST_GRANTS", "grant", "held_by", "holds", "justified", "revoke", "synchronise"]

BATCH = 1_000

# Asked by every action and every page: the ORM takes five times as long to write it as the database to answer.
_HOLDS = (
    "SELECT 1 FROM directory_organisationgrant g JOIN directory_person p ON p.id = g.user_id "
    "WHERE g.user_id = %s AND p.is_active AND g.permission_id = %s AND g.content_object_id = %s"
)

# person, codename, organisation
Grant = tuple[int, str, int]


def holds(person: Person | AnonymousUser, codename: str, organisation_id: int) -> bool:
    """Whether an active person holds the codename on the organisation. One query."""
    _check_codename(codename)
    permission = _permission_ids(DEFAULT_DB_ALIAS)[codename]
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, (person.pk, permission, organisation_id))
        return cursor.fetchone() is not None


def held_by(person: Person | AnonymousUser) -> list[tuple[str, int]]:
    """Everything the person holds, as (codename, organisation id). One query."""
    rows = OrganisationGrant.objects.filter(user_id=person.pk, user__is_active=True)
    return list(
        rows.order_by("content_object_id", "permission__codename").values_list(
            "permission__codename", "content_object_id"
        )
    )


def grant(person: Person, codename: str, organisation: Organisation) -> None:
    """Give one grant. The database refuses it (`IntegrityError`) unless a post in force justifies it."""
    _check_codename(codename)
    _insert([(person.pk, codename, organisation.pk)])


def revoke(person: Person, codename: str, organisation: Organisation) -> None:
    """Take one grant back. The database refuses (`IntegrityError`) while a post in force justifies it."""
    _check_codename(codename)
    OrganisationGrant.objects.filter(
        user_id=person.pk, permission__codename=codename, content_object_id=organisation.pk
    ).delete()


def justified(person_ids: Collection[int] | None = None) -> set[Grant]:
    """The grants that posts in force of active people call for, for these people or for everybody."""
    posts = Post.objects.filter(in_force=True, person__is_active=True)
    if person_ids is not None:
        posts = posts.filter(person_id__in=person_ids)
    rows = posts.values_list("person_id", "kind", "organisation_id", "organisation__kind")
    return {
        (person_id, codename, organisation_id)
        for person_id, kind, organisation_id, organisation_kind in rows.iterator()
        for codename in grants_of(kind, organisation_kind)
    }


def synchronise(person_ids: Iterable[int]) -> None:
    """Bring the grants of these people in line with their posts, set by set.

    Called inside the transaction that changed the posts, after the posts are written.
    """
    ids = sorted(set(person_ids))
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        wanted = justified(chunk)
        rows = OrganisationGrant.objects.filter(user_id__in=chunk)
        standing = {
            (user_id, codename, organisation_id): pk
            for pk, user_id, codename, organisation_id in rows.values_list(
                "pk", "user_id", "permission__codename", "content_object_id"
            )
        }
        superfluous = [pk for key, pk in standing.items() if key not in wanted]
        if superfluous:
            OrganisationGrant.objects.filter(pk__in=superfluous).delete()
        _insert(sorted(wanted - standing.keys()))


def forget_permission_ids(**_signal: object) -> None:
    """Drop the cached ids: migrations, and the flush between tests, may number permissions anew."""
    _permission_ids.cache_clear()


def _insert(missing: list[Grant]) -> None:
    if not missing:
        return
    ids = _permission_ids(DEFAULT_DB_ALIAS)
    OrganisationGrant.objects.bulk_create(
        [
            OrganisationGrant(user_id=person_id, permission_id=ids[codename], content_object_id=organisation_id)
            for person_id, codename, organisation_id in missing
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


@functools.cache
def _permission_ids(using: str) -> dict[str, int]:
    rows = Permission.objects.using(using).filter(
        content_type__app_label="directory", content_type__model="organisation", codename__in=CODENAMES
    )
    ids = dict(rows.values_list("codename", "pk"))
    if missing := CODENAMES - ids.keys():
        raise BadGrant(f"The permissions {', '.join(sorted(missing))} are not in the database: run migrate first.")
    return ids


def _check_codename(codename: str) -> None:
    if codename not in CODENAMES:
        raise BadGrant(f"'{codename}' is not a grant of the directory; use one of {', '.join(sorted(CODENAMES))}.")
