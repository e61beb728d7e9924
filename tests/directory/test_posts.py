from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.exceptions import PermissionDenied

from audit import clock
from audit.models import Event
from directory import grants, queries
from directory.actions import organisations, people, posts
from directory.errors import BadGrant, BadPost
from directory.models import OrganisationGrant, OrganisationKind, Post, PostKind
from directory.rows import NewPost
from directory.rules import GRANT_PLACES, POST_GRANTS, POST_PLACES
from tests.directory.conftest import SPRING

PLACES = {
    kind: min(POST_PLACES.get(kind, {OrganisationKind.CCG}), key=list(OrganisationKind).index) for kind in PostKind
}


@pytest.mark.parametrize("kind", PostKind)
def test_appoint_gives_exactly_the_grants_of_the_post(kind, ann, board, make_organisation):
    place = board if PLACES[kind] == OrganisationKind.BOARD else make_organisation("AAA", PLACES[kind])

    post = posts.appoint(person=ann, organisation=place, kind=kind, starts=SPRING, by="system")

    assert post.in_force
    assert grants.held_by(ann) == [(codename, place.pk) for codename in POST_GRANTS[kind]]
    event = Event.objects.get(pk=post.event_id)
    assert (event.stream, event.event_type) == (ann.stream, "post.appointed")
    assert event.document["public"] == {
        "organisation": place.code,
        "kind": kind,
        "starts": "2012-04-01",
        "ends": None,
    }


@pytest.mark.parametrize("kind", sorted(set(OrganisationKind) - GRANT_PLACES["act_for"] - {OrganisationKind.BOARD}))
def test_chair_of_what_is_not_a_ccg_answers_for_nothing(kind, ann, make_organisation):
    posts.appoint(
        person=ann, organisation=make_organisation("AAA", kind), kind=PostKind.CHAIR, starts=SPRING, by="system"
    )

    assert grants.held_by(ann) == []


def test_holds_and_held_by_take_one_query_each(ann, ccg, django_assert_num_queries):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")

    with django_assert_num_queries(1):
        assert grants.holds(ann, "act_for", ccg.pk)
    with django_assert_num_queries(1):
        assert not grants.holds(ann, "administer", ccg.pk)
    with django_assert_num_queries(1):
        assert grants.held_by(ann) == [("act_for", ccg.pk)]
    assert not grants.holds(AnonymousUser(), "act_for", ccg.pk)
    assert ann.has_perm("directory.act_for", ccg)


def test_holds_of_an_unknown_codename_is_refused(ann, ccg):
    with pytest.raises(BadGrant, match="'rule' is not a grant of the directory"):
        grants.holds(ann, "rule", ccg.pk)


def test_two_posts_share_a_grant_until_both_end(ann, ccg):
    chair = posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")
    officer = posts.appoint(person=ann, organisation=ccg, kind=PostKind.ACCOUNTABLE_OFFICER, starts=SPRING, by="system")

    posts.end_post(post=chair, ends=queries.today(), by="system")
    assert grants.holds(ann, "act_for", ccg.pk)
    posts.end_post(post=officer, ends=queries.today(), by="system")
    assert not grants.holds(ann, "act_for", ccg.pk)


def test_post_for_later_begins_and_expires_by_the_sweep_once(ann, ccg):
    post = posts.appoint(
        person=ann,
        organisation=ccg,
        kind=PostKind.CHAIR,
        starts=date(2012, 7, 1),
        ends=date(2012, 9, 1),
        by="system",
    )
    assert grants.held_by(ann) == []

    # The clocks are one hour ahead: it is already the first of July in London.
    turns = [
        (posts.begin, datetime(2012, 6, 30, 22, 59, tzinfo=UTC), 0, []),
        (posts.begin, datetime(2012, 6, 30, 23, 0, tzinfo=UTC), 1, [("act_for", ccg.pk)]),
        (posts.begin, datetime(2012, 6, 30, 23, 0, tzinfo=UTC), 0, [("act_for", ccg.pk)]),
        (posts.expire, datetime(2012, 8, 31, 22, 59, tzinfo=UTC), 0, [("act_for", ccg.pk)]),
        (posts.expire, datetime(2012, 8, 31, 23, 0, tzinfo=UTC), 1, []),
        (posts.expire, datetime(2012, 8, 31, 23, 0, tzinfo=UTC), 0, []),
        (posts.begin, datetime(2012, 8, 31, 23, 0, tzinfo=UTC), 0, []),
    ]
    for sweep, moment, turned, held in turns:
        assert (sweep(moment), grants.held_by(ann)) == (turned, held)

    types = Event.objects.filter(stream=ann.stream).order_by("stream_seq").values_list("event_type", flat=True)
    assert list(types) == ["person.added", "post.appointed", "post.began", "post.expired"]
    post.refresh_from_db()
    assert not post.in_force


def test_expire_writes_one_event_for_each_post(ann, ccg, make_person):
    bo = make_person("Bo Else")
    for person, kind in ((ann, PostKind.CHAIR), (ann, PostKind.ACCOUNTABLE_OFFICER), (bo, PostKind.EVIDENCE_MANAGER)):
        posts.appoint(person=person, organisation=ccg, kind=kind, starts=SPRING, ends=date(2013, 4, 1), by="system")

    assert posts.expire(datetime(2014, 1, 1, tzinfo=UTC)) == 3

    assert Event.objects.filter(event_type="post.expired").count() == 3
    assert OrganisationGrant.objects.count() == 0


def test_expire_by_a_person_without_the_grant_is_denied(board, ann):
    with pytest.raises(PermissionDenied):
        posts.expire(clock.now(), by=ann)


def test_post_wholly_in_the_past_gives_nothing(ann, ccg):
    post = posts.appoint(
        person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=date(2010, 1, 1), ends=date(2011, 1, 1), by="system"
    )

    assert not post.in_force
    assert grants.held_by(ann) == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "pope"}, "'pope' is not a kind of post"),
        ({"kind": PostKind.SECRETARIAT}, "02Q has no post of secretariat"),
        ({"ends": SPRING}, "The post of chair would end on 2012-04-01, not after its start"),
        ({}, "Ann Other already holds the post of chair at 02Q in that time"),
        ({"starts": date(2012, 5, 1), "ends": date(2012, 5, 2)}, "Ann Other already holds the post of chair"),
    ],
)
def test_appoint_to_a_post_that_cannot_be_is_refused(ann, ccg, values, sentence):
    first = {"person": ann, "organisation": ccg, "kind": PostKind.CHAIR, "starts": SPRING, "by": "system"}
    posts.appoint(**first)

    with pytest.raises(BadPost, match=sentence):
        posts.appoint(**{**first, **values})

    assert Post.objects.count() == 1


def test_appoint_at_a_closed_organisation_is_refused(ann, make_organisation):
    closed = make_organisation("AAA", closed=date(2012, 3, 31))

    with pytest.raises(BadPost, match="AAA closed on 2012-03-31"):
        posts.appoint(person=ann, organisation=closed, kind=PostKind.CHAIR, starts=SPRING, by="system")


def test_appoint_a_deactivated_person_is_refused(ann, ccg):
    people.deactivate_person(person=ann, by="system")

    with pytest.raises(BadPost, match="deactivated"):
        posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")


def test_appoint_by_the_secretariat_is_allowed_and_by_others_denied(administrator, ann, ccg, board, make_person):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by=administrator)

    for actor in (ann, make_person("Bo Else"), people.deactivate_person(person=administrator, by="system")):
        with pytest.raises(PermissionDenied):
            posts.appoint(person=ann, organisation=board, kind=PostKind.SECRETARIAT, starts=SPRING, by=actor)
        with pytest.raises(PermissionDenied):
            posts.end_post(post=Post.objects.get(person=ann), ends=queries.today(), by=actor)
        with pytest.raises(PermissionDenied):
            posts.add_many(posts=[], by=actor)


def test_end_post_with_bad_dates_is_refused(ann, ccg):
    post = posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")

    with pytest.raises(BadPost, match="it cannot end on 2012-03-31"):
        posts.end_post(post=post, ends=date(2012, 3, 31), by="system")
    posts.end_post(post=post, ends=SPRING, by="system")
    with pytest.raises(BadPost, match="already ended on 2012-04-01"):
        posts.end_post(post=post, ends=date(2013, 1, 1), by="system")


def test_end_post_later_keeps_the_grant_until_the_sweep(ann, ccg):
    post = posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")

    post = posts.end_post(post=post, ends=date(2012, 7, 1), by="system")

    assert post.in_force
    assert grants.holds(ann, "act_for", ccg.pk)
    assert posts.expire(datetime(2012, 7, 1, 9, tzinfo=UTC)) == 1
    assert not grants.holds(ann, "act_for", ccg.pk)


def test_add_many_posts_costs_the_same_queries_for_three_and_for_thirty(
    make_person, ccg, django_assert_max_num_queries
):
    grants.forget_permission_ids()
    for size in (3, 30):
        rows = [
            NewPost(person=make_person(f"P{n} Q{size}"), organisation=ccg, kind=PostKind.CHAIR, starts=SPRING)
            for n in range(size)
        ]
        with django_assert_max_num_queries(10):
            posts.add_many(posts=rows, by="system")

    assert OrganisationGrant.objects.count() == 33
    assert Event.objects.filter(event_type="directory.imported").count() == 2


def test_add_many_posts_with_one_twice_adds_none(ann, ccg):
    row = NewPost(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING)

    with pytest.raises(BadPost, match="already holds"):
        posts.add_many(posts=[row, row], by="system")

    assert Post.objects.count() == 0


def test_posts_of_and_between_see_the_days_they_should(ann, ccg):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, ends=date(2012, 5, 1), by="system")

    days = [date(2012, 3, 31), SPRING, date(2012, 4, 30), date(2012, 5, 1)]
    assert [queries.posts_of(ann.pk, day).count() for day in days] == [0, 1, 1, 0]
    assert [queries.posts_between(ann.pk, day, day).count() for day in days] == [0, 1, 1, 0]


def test_permission_ids_survive_a_new_numbering(ann, ccg):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")
    organisations.rename_organisation(organisation=ccg, name="Renamed", by="system")

    grants.forget_permission_ids()

    posts.end_post(post=Post.objects.get(), ends=queries.today(), by="system")
    assert grants.held_by(ann) == []


def test_missing_permissions_name_the_cure(ann, ccg):
    Permission.objects.filter(codename="act_for").delete()
    grants.forget_permission_ids()

    with pytest.raises(BadGrant, match="The permissions act_for are not in the database: run migrate first"):
        posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")


@pytest.fixture
def body(make_organisation):
    return make_organisation("NHSA", OrganisationKind.COALITION_BODY)


@pytest.fixture
def nominator(body, make_person):
    person = make_person("Nom Inator")
    posts.appoint(person=person, organisation=body, kind=PostKind.NOMINATIONS_SECRETARY, starts=SPRING, by="system")
    return person


def test_nobody_records_their_own_office(administrator, board, ccg):
    given = {"person": administrator, "starts": SPRING, "ends": date(2012, 7, 1)}
    with pytest.raises(BadPost, match="You cannot record your own office: somebody else of the secretariat does"):
        posts.appoint(organisation=board, kind=PostKind.DESK_TOP_ASSESSOR, by=administrator, **given)
    with pytest.raises(BadPost, match="You cannot record your own office"):
        posts.add_many(posts=[NewPost(organisation=ccg, kind=PostKind.CHAIR, **given)], by=administrator)
    posts.appoint(organisation=ccg, kind=PostKind.GOVERNING_BODY_MEMBER, by=administrator, **given)
    made = posts.appoint(organisation=board, kind=PostKind.DESK_TOP_ASSESSOR, by="system", **given)
    with pytest.raises(BadPost, match="You cannot record your own office"):
        posts.end_post(post=made, ends=date(2013, 7, 1), by=administrator)
    posts.end_post(post=made, ends=date(2012, 6, 20), by=administrator)


def test_offices_of_a_coalition_body_are_recorded_by_its_own_secretary(administrator, nominator, ann, body, ccg):
    given = {"person": ann, "organisation": body, "starts": SPRING}
    with pytest.raises(PermissionDenied, match="recorded by its own nominations secretary, .* by the installation"):
        posts.appoint(kind=PostKind.NOMINATIONS_SECRETARY, by=administrator, **given)
    with pytest.raises(PermissionDenied, match="recorded by its own nominations secretary"):
        posts.add_many(posts=[NewPost(kind=PostKind.CONFLICTS_GUARDIAN, **given)], by=administrator)
    with pytest.raises(PermissionDenied):
        posts.end_post(post=nominator.posts.get(), ends=queries.today(), by=administrator)
    posts.appoint(kind=PostKind.CHAIR, by=administrator, **given)
    made = posts.appoint(kind=PostKind.NOMINATIONS_SECRETARY, by=nominator, **given)
    posts.end_post(post=made, ends=queries.today(), by=nominator)
    with pytest.raises(PermissionDenied, match="Only the secretariat"):
        posts.appoint(kind=PostKind.EMPLOYEE, by=nominator, **given)
    with pytest.raises(PermissionDenied, match="Only the secretariat"):
        posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by=nominator)
    with pytest.raises(BadPost, match="another nominations secretary of Organisation NHSA does"):
        posts.appoint(
            person=nominator, organisation=body, kind=PostKind.CONFLICTS_GUARDIAN, starts=SPRING, by=nominator
        )


def test_secretary_of_one_body_records_nothing_at_another(nominator, ann, make_organisation):
    other = make_organisation("NAPC", OrganisationKind.COALITION_BODY)
    with pytest.raises(PermissionDenied, match="Offices at Organisation NAPC"):
        posts.appoint(person=ann, organisation=other, kind=PostKind.NOMINATIONS_SECRETARY, starts=SPRING, by=nominator)


@pytest.mark.parametrize("office", [PostKind.CONFLICTS_GUARDIAN, PostKind.AUDITOR])
@pytest.mark.parametrize("first", [True, False])
def test_secretary_is_neither_guardian_nor_auditor_at_once(ann, board, office, first):
    held, wanted = (PostKind.SECRETARIAT, office) if first else (office, PostKind.SECRETARIAT)
    given = {"person": ann, "organisation": board, "by": "system"}
    made = posts.appoint(kind=held, starts=SPRING, ends=date(2012, 8, 1), **given)
    said = f"Ann Other holds the post of {held.label.lower()} at BOARD in that time, and nobody holds that of"
    with pytest.raises(BadPost, match=said):
        posts.appoint(kind=wanted, starts=date(2012, 5, 1), **given)
    rows = [NewPost(person=ann, organisation=board, kind=wanted, starts=date(2011, 1, 1))]
    with pytest.raises(BadPost, match=said):
        posts.add_many(posts=rows, by="system")
    posts.appoint(kind=wanted, starts=date(2012, 8, 1), **given)
    with pytest.raises(BadPost, match=f"Ann Other holds the post of {wanted.label.lower()} at BOARD"):
        posts.end_post(post=made, ends=date(2012, 9, 1), by="system")


def test_guardian_may_audit_too(ann, board):
    for kind in (PostKind.CONFLICTS_GUARDIAN, PostKind.AUDITOR):
        posts.appoint(person=ann, organisation=board, kind=kind, starts=SPRING, by="system")
