"""Invariant I12 is attacked at each depth: through the ORM, by raw SQL, and by raw SQL with the triggers gone."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction
from guardian.shortcuts import assign_perm

from audit import clock, fence
from directory import grants
from directory.actions import people, posts
from directory.errors import BadGrant
from directory.invariants import CHECKS
from directory.models import OrganisationGrant, PostKind
from directory.rules import CODENAMES
from tests.directory.conftest import SPRING

INSERT = "INSERT INTO directory_organisationgrant (user_id, permission_id, content_object_id) VALUES (%s, %s, %s)"
DELETE = "DELETE FROM directory_organisationgrant WHERE user_id = %s"


def broken():
    return [sentence for check in CHECKS.values() for sentence in check()]


def run(sql, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def permission(codename):
    return Permission.objects.get(codename=codename, content_type__model="organisation").pk


@pytest.fixture
def chair(ann, ccg):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")
    return ann


def test_checks_are_quiet_when_grants_follow_posts(chair):
    assert broken() == []


@pytest.mark.parametrize("codename", sorted(CODENAMES - {"act_for"}))
def test_grant_that_no_post_gives_is_refused_by_the_database(codename, chair, ccg):
    with pytest.raises(IntegrityError, match="No post in force justifies this grant"):
        run(INSERT, chair.pk, permission(codename), ccg.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        grants.grant(chair, codename, ccg)
    with pytest.raises(IntegrityError), transaction.atomic():
        assign_perm(codename, chair, ccg)


def test_grant_elsewhere_or_of_another_person_is_refused_by_the_database(chair, ccg, make_organisation, make_person):
    with pytest.raises(IntegrityError):
        run(INSERT, chair.pk, permission("act_for"), make_organisation("AAA").pk)
    with pytest.raises(IntegrityError):
        run(INSERT, make_person("Bo Else").pk, permission("act_for"), ccg.pk)


def test_grant_of_a_post_that_ended_is_refused_by_the_database(chair, ccg):
    posts.end_post(post=chair.posts.get(), ends=date(2012, 5, 1), by="system")

    with pytest.raises(IntegrityError):
        run(INSERT, chair.pk, permission("act_for"), ccg.pk)


def test_grant_of_a_deactivated_person_is_refused_by_the_database(chair, ccg):
    people.deactivate_person(person=chair, by="system")

    with pytest.raises(IntegrityError):
        run(INSERT, chair.pk, permission("act_for"), ccg.pk)


def test_grant_that_a_post_calls_for_cannot_be_taken_or_edited(chair, ccg):
    with pytest.raises(IntegrityError, match="A post in force calls for this grant"):
        run(DELETE, chair.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        grants.revoke(chair, "act_for", ccg)
    with pytest.raises(IntegrityError, match="never edited"):
        run("UPDATE directory_organisationgrant SET permission_id = permission_id")

    assert grants.holds(chair, "act_for", ccg.pk)


def test_grant_and_revoke_know_only_the_allow_list(chair, ccg):
    for change in (grants.grant, grants.revoke):
        with pytest.raises(BadGrant):
            change(chair, "view_organisation", ccg)


def test_grant_given_again_is_still_one(chair, ccg):
    grants.grant(chair, "act_for", ccg)

    assert OrganisationGrant.objects.count() == 1


def test_grant_without_its_post_is_found_when_the_triggers_are_gone(chair, ccg):
    fence.remove(connection)
    run(INSERT, chair.pk, permission("administer"), ccg.pk)

    assert broken() == [f"{chair.stream} holds 'administer' on 02Q without a post that gives it."]


def test_post_without_its_grant_is_found_when_the_triggers_are_gone(chair):
    fence.remove(connection)
    run(DELETE, chair.pk)

    assert broken() == [f"{chair.stream} holds a post at 02Q that gives 'act_for', but not the grant."]


def test_permission_of_another_model_is_found_when_the_triggers_are_gone(chair, ccg):
    fence.remove(connection)
    other = Permission.objects.get(codename="view_person")
    run(INSERT, chair.pk, other.pk, ccg.pk)

    assert broken() == [f"{chair.stream} holds 'person.view_person' on 02Q without a post that gives it."]


def test_post_that_the_sweep_missed_is_found(ann, ccg):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, ends=date(2012, 7, 1), by="system")
    later = posts.appoint(person=ann, organisation=ccg, kind=PostKind.EMPLOYEE, starts=date(2012, 7, 2), by="system")

    with clock.at(datetime(2012, 7, 2, 12, tzinfo=UTC)):
        assert broken() == [
            (
                f"Post {later.pk - 1} (chair at 02Q, 2012-04-01 to 2012-07-01) is still in force on 2012-07-02: "
                "run the sweep of posts."
            ),
            (
                f"Post {later.pk} (employee at 02Q, 2012-07-02 to no end) is not in force on 2012-07-02: "
                "run the sweep of posts."
            ),
        ]
        posts.expire(clock.now())
        posts.begin(clock.now())
        assert broken() == []


def test_grant_by_another_way_is_found(chair):
    administer = Permission.objects.get(codename="administer")
    chair.user_permissions.add(administer)
    group = Group.objects.create(name="everybody")
    group.permissions.add(administer)

    assert broken() == [
        "Permissions on organisations are given model-wide to a person (1).",
        "Permissions on organisations are given model-wide to a group (1).",
    ]


def test_unpermitted_person_gains_nothing_from_being_a_superuser(ann, ccg):
    fence.remove(connection)
    ann.is_superuser = True
    ann.save()

    assert not grants.holds(ann, "act_for", ccg.pk)


def test_offices_that_exclude_each_other_are_found(ann, board):
    given = {"person": ann, "organisation": board, "by": "system"}
    held = posts.appoint(kind=PostKind.SECRETARIAT, starts=SPRING, ends=date(2012, 5, 1), **given)
    posts.appoint(kind=PostKind.AUDITOR, starts=date(2012, 5, 1), **given)
    assert broken() == []
    connection.check_constraints()
    fence.remove(connection)
    run("UPDATE directory_post SET ends = %s WHERE id = %s", date(2012, 5, 2), held.pk)

    assert f"{ann.stream} holds two offices that exclude each other, secretariat (post {held.pk})" in broken()[0]
