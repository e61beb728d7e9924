"""Posts begin and end, and their grants with them, in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actions import record, settle
from directory import grants
from directory.actions.people import lock
from directory.importing import record_rows
from directory.models import Organisation, Person, Post, PostKind
from directory.permissions import Actor, check_may_administer, check_may_appoint
from directory.policies import check_beside, check_own_office, check_post, check_post_can_end
from directory.queries import today
from directory.rows import NewPost
from directory.rules import in_force, overlap

BATCH = 1_000


@transaction.atomic
def appoint(
    *,
    person: Person,
    organisation: Organisation,
    kind: PostKind | str,
    starts: date,
    by: Actor,
    ends: date | None = None,
    title: str = "",
) -> Post:
    """Give a person a post from `starts` until, not including, `ends`, with the grants that follow from it.

    Raises BadPost when the post cannot be held so or is an office of whoever acts; PermissionDenied unless the
    secretariat or the system acts, or for an office of a Coalition body its nominations secretary.
    """
    check_may_appoint(by, kind, organisation)
    check_own_office(person, kind, organisation, by)
    person = lock(person)
    row = NewPost(person=person, organisation=organisation, kind=kind, starts=starts, ends=ends, title=title)
    check_post(row)
    _check_free([row])
    event = record(
        person,
        "post.appointed",
        by=by,
        public={"organisation": organisation.code, "kind": str(kind), **_dates(starts, ends)},
        private={"free_text": {"title": title}} if title else None,
    )
    post = _build(row, event.pk, today())
    post.save(force_insert=True)
    settle(person)
    grants.synchronise([person.pk])
    return post


@transaction.atomic
def add_many(*, posts: Sequence[NewPost], by: Actor) -> list[Post]:
    """Record many posts and their grants, set by set; each stands in an event of the import.

    Unlike `appoint` this writes nothing to the people's own streams. Raises BadPost for the first post refused.
    """
    check_may_administer(by)
    for row in posts:
        check_may_appoint(by, row.kind, row.organisation)
        check_own_office(row.person, row.kind, row.organisation, by)
        check_post(row)
    _check_free(posts)
    events = record_rows("posts", posts, _told, by=by)
    day = today()
    built = [_build(row, event, day) for row, event in zip(posts, events, strict=True)]
    written = Post.objects.bulk_create(built, batch_size=BATCH)
    grants.synchronise({row.person.pk for row in posts})
    return written


@transaction.atomic
def end_post(*, post: Post, ends: date, by: Actor) -> Post:
    """Let a post end on `ends`, the first day it is no longer held. From that day on its grants are gone.

    An end that is not in the future takes effect at once; a later one when `expire` runs on that day.
    """
    check_may_appoint(by, post.kind, post.organisation)
    person = lock(post.person)
    post = Post.objects.select_for_update().get(pk=post.pk)
    day = today()
    check_post_can_end(post, ends, day)
    if post.ends is not None and ends > post.ends:
        _check_longer(post, ends, by)
    event = record(person, "post.ended", by=by, public={"post": post.pk, **_dates(post.starts, ends)})
    post.ends, post.event_id = ends, event.pk
    post.in_force = in_force(post.starts, ends, day)
    settle(person)
    post.save(update_fields=["ends", "in_force", "event"])
    grants.synchronise([person.pk])
    return post


def expire(at: datetime, *, by: Actor = "system") -> int:
    """Take the grants of every post whose end has come by `at`; returns how many posts left force.

    May run late, twice or on two machines: each post is found under its person's lock and turned once.
    """
    check_may_administer(by)
    return _turn(at, to=False, event_type="post.expired", by=by)


def begin(at: datetime, *, by: Actor = "system") -> int:
    """Give the grants of every post whose start has come by `at`; returns how many posts came into force."""
    check_may_administer(by)
    return _turn(at, to=True, event_type="post.began", by=by)


def _turn(at: datetime, *, to: bool, event_type: str, by: Actor) -> int:
    day = timezone.localdate(at)
    waiting = Post.objects.filter(in_force=not to)
    due = waiting.filter(starts__lte=day).exclude(ends__lte=day) if to else waiting.filter(ends__lte=day)
    people = Person.objects.filter(pk__in=due.values("person")).order_by("stream")
    return sum(_turn_posts_of(person, due, to=to, event_type=event_type, by=by, at=at) for person in people)


@transaction.atomic
def _turn_posts_of(person: Person, due: QuerySet[Post], *, to: bool, event_type: str, by: Actor, at: datetime) -> int:
    person = lock(person)
    posts = list(due.filter(person=person).select_for_update().order_by("pk"))
    for post in posts:
        event = record(person, event_type, by=by, public={"post": post.pk, **_dates(post.starts, post.ends)}, at=at)
        post.in_force, post.event_id = to, event.pk
    if not posts:
        return 0
    settle(person)
    for post in posts:
        post.save(update_fields=["in_force", "event"])
    grants.synchronise([person.pk])
    return len(posts)


def _check_longer(post: Post, ends: date, by: Actor) -> None:
    """An end put off is as good as an appointment: the same is refused."""
    check_own_office(post.person, post.kind, post.organisation, by)
    row = NewPost(person=post.person, organisation=post.organisation, kind=post.kind, starts=post.starts, ends=ends)
    _check_free([row], but=post.pk)


def _build(row: NewPost, event_id: int, day: date) -> Post:
    return Post(
        person=row.person,
        organisation=row.organisation,
        kind=row.kind,
        title=row.title,
        starts=row.starts,
        ends=row.ends,
        in_force=in_force(row.starts, row.ends, day),
        event_id=event_id,
    )


def _told(row: NewPost) -> list[str | None]:
    return [row.person.stream, row.organisation.code, str(row.kind), *_dates(row.starts, row.ends).values()]


def _dates(starts: date, ends: date | None) -> dict[str, str | None]:
    return {"starts": starts.isoformat(), "ends": ends.isoformat() if ends else None}


def _check_free(posts: Sequence[NewPost], *, but: int = 0) -> None:
    """Raise when a person would hold a post twice at once, or beside one it cannot be held with.

    but: the key of a post that is left out because the row replaces it, 0 for none.
    """
    held: dict[int, list[tuple[str, str, date, date | None]]] = {}
    ids = sorted({row.person.pk for row in posts})
    for begin_at in range(0, len(ids), BATCH):
        rows = Post.objects.filter(person__in=ids[begin_at : begin_at + BATCH]).exclude(pk=but)
        for person, kind, code, starts, ends in rows.values_list(
            "person", "kind", "organisation__code", "starts", "ends"
        ):
            held.setdefault(person, []).append((kind, code, starts, ends))
    for row in posts:
        others = held.setdefault(row.person.pk, [])
        for kind, code, starts, ends in others:
            if overlap(row.starts, row.ends, starts, ends):
                check_beside(row, kind, code)
        others.append((str(row.kind), row.organisation.code, row.starts, row.ends))
