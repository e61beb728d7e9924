"""What the directory must keep, recomputed: grants are exactly what posts in force call for (I12), no message is lost.

Sentences name streams, never people.
"""

from collections.abc import Callable
from itertools import combinations, groupby

from django.contrib.auth.models import Permission
from django.db.models import Q
from guardian.models import GroupObjectPermission, UserObjectPermission

from directory.grants import Grant, justified
from directory.models import Message, Organisation, OrganisationGrant, Person, Post
from directory.queries import today
from directory.rules import INCOMPATIBLE, incompatible, overlap


def grants_follow_posts() -> list[str]:
    """Compare every grant with every post in force, in both directions."""
    rows = OrganisationGrant.objects.values_list(
        "user_id", "permission__codename", "content_object_id", "permission__content_type__model"
    )
    # A permission of another model under the same name is no grant of ours.
    standing: set[Grant] = {
        (person, codename if model == "organisation" else f"{model}.{codename}", place)
        for person, codename, place, model in rows.iterator()
    }
    wanted = justified()
    return _sentences(standing - wanted, "{person} holds '{codename}' on {place} without a post that gives it.") + (
        _sentences(wanted - standing, "{person} holds a post at {place} that gives '{codename}', but not the grant.")
    )


def posts_follow_their_dates() -> list[str]:
    """Find posts that are in force outside their dates, or not in force within them."""
    day = today()
    live = Q(starts__lte=day) & (Q(ends__isnull=True) | Q(ends__gt=day))
    stale = Post.objects.filter(~live, in_force=True) | Post.objects.filter(live, in_force=False)
    return [
        f"Post {pk} ({kind} at {code}, {starts} to {ends or 'no end'}) is "
        f"{'still' if in_force else 'not'} in force on {day}: run the sweep of posts."
        for pk, kind, code, starts, ends, in_force in stale.order_by("pk").values_list(
            "pk", "kind", "organisation__code", "starts", "ends", "in_force"
        )
    ]


def offices_are_compatible() -> list[str]:
    """Find people who hold two offices at once that nobody may."""
    kinds = frozenset().union(*INCOMPATIBLE)
    rows = Post.objects.filter(kind__in=kinds).order_by("person__stream", "pk")
    found = rows.values_list("person__stream", "pk", "kind", "starts", "ends")
    return [
        f"{stream} holds two offices that exclude each other, {one[2]} (post {one[1]}) and {other[2]} "
        f"(post {other[1]}): end one."
        for stream, held in groupby(found, key=lambda row: row[0])
        for one, other in combinations(held, 2)
        if incompatible(one[2], other[2]) and overlap(one[3], one[4], other[3], other[4])
    ]


def no_grant_by_another_way() -> list[str]:
    """Find permissions on organisations given model-wide, to groups, or in guardian's generic tables."""
    ours = Permission.objects.filter(content_type__app_label="directory", content_type__model="organisation").exclude(
        codename__startswith="view_"
    )
    ways = {
        "model-wide to a person": Person.user_permissions.through.objects,
        "model-wide to a group": Permission.group_set.through.objects,
        "to a person in guardian's own table": UserObjectPermission.objects,
        "to a group in guardian's own table": GroupObjectPermission.objects,
    }
    counts = {way: manager.filter(permission__in=ours).count() for way, manager in ways.items()}
    return [f"Permissions on organisations are given {way} ({count})." for way, count in counts.items() if count]


def messages_have_their_delivery() -> list[str]:
    """Find messages that nobody would ever send."""
    lost = Message.objects.filter(delivery__isnull=True).order_by("pk")
    return [f"Message {pk} ({kind}) has no delivery: it is never sent." for pk, kind in lost.values_list("pk", "kind")]


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I12 grants follow posts": grants_follow_posts,
    "I12 posts in force follow their dates": posts_follow_their_dates,
    "I12 offices that exclude each other are held apart": offices_are_compatible,
    "I12 grants are given in no other way": no_grant_by_another_way,
    "messages are each owed, sent or settled": messages_have_their_delivery,
}


def _sentences(grants: set[Grant], pattern: str) -> list[str]:
    streams = dict(Person.objects.filter(pk__in={person for person, _, _ in grants}).values_list("pk", "stream"))
    codes = dict(Organisation.objects.filter(pk__in={place for _, _, place in grants}).values_list("pk", "code"))
    return [
        pattern.format(person=streams.get(person, person), codename=codename, place=codes.get(place, place))
        for person, codename, place in sorted(grants)
    ]
