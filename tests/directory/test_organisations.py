from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from audit.models import Event
from directory import queries
from directory.actions import organisations, posts, ties
from directory.errors import BadOrganisation, BadTie
from directory.models import Organisation, OrganisationKind, PostKind, Tie, TieKind
from directory.rows import NewOrganisation, NewTie
from tests.directory.conftest import SPRING

SUMMER = date(2012, 7, 1)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": "02q"}, "code '02q' must be 3 to 10 capital letters and digits"),
        ({"code": "02"}, "code '02' must be 3 to 10"),
        ({"kind": "pct"}, "kind 'pct' is unknown"),
        ({"code": "BOARD"}, "belong together"),
        ({"kind": "board"}, "belong together"),
        ({"name": " "}, "the name is missing"),
        ({"name": "n" * 201}, "is longer than 200 characters"),
        ({"name": "A\nB"}, "the name holds a line break"),
        ({"opened": SUMMER, "closed": SPRING}, "closed 2012-04-01 lies before opened 2012-07-01"),
        ({"code": "02Q"}, "Code 02Q already belongs to an organisation"),
    ],
)
def test_add_organisation_with_bad_values_is_refused(ccg, values, sentence):
    with pytest.raises(BadOrganisation, match=sentence):
        organisations.add_organisation(**{"kind": "ccg", "code": "02R", "name": "Two", **values}, by="system")

    assert Organisation.objects.count() == 1


def test_changes_by_somebody_else_are_denied(board, ann, ccg, make_organisation):
    other = make_organisation("02R")
    tie = ties.add_tie(kind=TieKind.NEIGHBOUR, one=ccg, other=other, starts=SPRING, by="system")
    before = Event.objects.count()

    changes = [
        lambda: organisations.add_organisation(kind="ccg", code="02T", name="Two", by=ann),
        lambda: organisations.add_many(organisations=[], by=ann),
        lambda: organisations.rename_organisation(organisation=ccg, name="New", by=ann),
        lambda: organisations.close_organisation(organisation=ccg, closed=SUMMER, by=ann),
        lambda: ties.add_tie(kind=TieKind.NEIGHBOUR, one=ccg, other=other, starts=SPRING, by=ann),
        lambda: ties.add_many(ties=[], by=ann),
        lambda: ties.end_tie(tie=tie, ends=SUMMER, by=ann),
    ]
    for change in changes:
        with pytest.raises(PermissionDenied):
            change()
    assert Event.objects.count() == before


def test_rename_keeps_both_names_in_the_log(ccg):
    renamed = organisations.rename_organisation(organisation=ccg, name="NHS Bassetlaw", by="system")

    assert str(renamed) == "NHS Bassetlaw (02Q)"
    assert Event.objects.get(pk=renamed.event_id).document["public"] == {
        "code": "02Q",
        "from": "Organisation 02Q",
        "to": "NHS Bassetlaw",
    }


def test_close_is_refused_while_a_post_lasts_longer(ann, ccg):
    post = posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")
    last_day = date(2012, 6, 30)
    with pytest.raises(BadOrganisation, match="Posts at 02Q last beyond 2012-06-30 .1.: end them first"):
        organisations.close_organisation(organisation=ccg, closed=last_day, by="system")

    posts.end_post(post=post, ends=SUMMER, by="system")

    assert organisations.close_organisation(organisation=ccg, closed=last_day, by="system").closed == last_day
    with pytest.raises(BadOrganisation, match="already closed on 2012-06-30"):
        organisations.close_organisation(organisation=ccg, closed=last_day, by="system")


def test_add_many_finds_parents_listed_before_and_known_ones(board):
    rows = [
        NewOrganisation(kind="region", code="NORTH", name="North", parent_code="BOARD"),
        NewOrganisation(kind="area_team", code="AT1", name="Area team", parent_code="NORTH"),
        NewOrganisation(kind="ccg", code="02Q", name="Bassetlaw", parent_code="AT1"),
    ]

    written = organisations.add_many(organisations=rows, by="system")

    assert [organisation.parent.code for organisation in written] == ["BOARD", "NORTH", "AT1"]
    assert len({organisation.event_id for organisation in written}) == 1


def test_add_many_with_an_unknown_parent_adds_nothing(db):
    rows = [
        NewOrganisation(kind="ccg", code="02Q", name="Bassetlaw"),
        NewOrganisation(kind="ccg", code="02R", name="Bradford", parent_code="AT1"),
    ]

    with pytest.raises(BadOrganisation, match="its parent AT1 is not known"):
        organisations.add_many(organisations=rows, by="system")

    assert Organisation.objects.count() == Event.objects.count() == 0


def test_add_many_with_one_code_twice_adds_nothing(db):
    row = NewOrganisation(kind="ccg", code="02Q", name="Bassetlaw")

    with pytest.raises(BadOrganisation, match="given to two organisations"):
        organisations.add_many(organisations=[row, row], by="system")


def test_board_is_named_when_it_is_missing(db):
    with pytest.raises(BadOrganisation, match="The Board is not in the directory"):
        queries.board()


def test_board_is_found(board):
    assert queries.board() == board


def test_organisation_cannot_be_deleted_or_changed_without_a_later_event(ccg):
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.update(name="Nobody")
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.all().delete()


def test_neighbours_are_seen_from_both_sides_while_the_tie_stands(ccg, make_organisation):
    other = make_organisation("02R")
    tie = ties.add_tie(kind=TieKind.NEIGHBOUR, one=other, other=ccg, starts=SPRING, by="system")
    ties.end_tie(tie=tie, ends=SUMMER, by="system")

    assert (tie.one_id, tie.other_id) == (ccg.pk, other.pk)
    for day, found in ((date(2012, 3, 31), False), (SPRING, True), (date(2012, 6, 30), True), (SUMMER, False)):
        assert queries.neighbours(ccg.pk, day) == ({other.pk} if found else set())
        assert queries.neighbours(other.pk, day) == ({ccg.pk} if found else set())


def test_neighbours_take_one_query(ccg, django_assert_num_queries):
    with django_assert_num_queries(1):
        queries.neighbours(ccg.pk, SPRING)


@pytest.mark.parametrize("kind", [TieKind.NEIGHBOUR, TieKind.SHARES_LEADERSHIP])
def test_symmetric_tie_the_other_way_round_is_the_same_tie(kind, ccg, make_organisation):
    other = make_organisation("02R")
    ties.add_tie(kind=kind, one=ccg, other=other, starts=SPRING, by="system")

    with pytest.raises(BadTie, match="02Q and 02R already have this tie"):
        ties.add_tie(kind=kind, one=other, other=ccg, starts=SUMMER, by="system")
    with pytest.raises(IntegrityError), transaction.atomic():
        Tie.objects.create(kind=kind, one=other, other=ccg, starts=SUMMER, event_id=Event.objects.first().pk)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "likes"}, "'likes' is not a kind of tie"),
        ({"kind": TieKind.SUPPORTS}, "'supplies commissioning support to' cannot join 02Q and 02R"),
        ({"same": True}, "02Q cannot be tied to itself"),
        ({"ends": SPRING}, "would end on 2012-04-01"),
    ],
)
def test_tie_that_cannot_be_is_refused(ccg, make_organisation, values, sentence):
    other = make_organisation("02R")
    if values.pop("same", False):
        other = ccg

    with pytest.raises(BadTie, match=sentence):
        ties.add_tie(**{"kind": TieKind.NEIGHBOUR, "one": ccg, "other": other, "starts": SPRING, **values}, by="system")
    assert Tie.objects.count() == 0


def test_end_of_a_tie_is_given_once_and_not_before_its_start(ccg, make_organisation):
    tie = ties.add_tie(kind=TieKind.NEIGHBOUR, one=ccg, other=make_organisation("02R"), starts=SPRING, by="system")

    with pytest.raises(BadTie, match="cannot end on 2012-03-31"):
        ties.end_tie(tie=tie, ends=date(2012, 3, 31), by="system")
    ties.end_tie(tie=tie, ends=SUMMER, by="system")
    with pytest.raises(BadTie, match="already ends on 2012-07-01"):
        ties.end_tie(tie=tie, ends=SUMMER, by="system")


def test_add_many_ties_costs_the_same_queries_for_two_and_for_twenty(make_organisation, django_assert_max_num_queries):
    support = make_organisation("CSU", OrganisationKind.COMMISSIONING_SUPPORT)
    for size in (2, 20):
        rows = [
            NewTie(kind=TieKind.SUPPORTS, one=support, other=make_organisation(f"C{size}X{n}"), starts=SPRING)
            for n in range(size)
        ]
        with django_assert_max_num_queries(5):
            ties.add_many(ties=rows, by="system")

    assert len(queries.tied(TieKind.SUPPORTS, support.pk, SPRING)) == 22


def test_codes_and_kinds_are_held_by_the_database_too(ccg):
    event = Event.objects.first().pk
    for column, value in (("kind", "pct"), ("name", ""), ("code", "BOARD"), ("closed", "2011-01-01")):
        values = {"kind": "ccg", "code": "02R", "name": "Two", "opened": "2012-01-01", "closed": None, column: value}
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO directory_organisation (kind, code, name, opened, closed, postcode, synthetic, event_id)"
                " VALUES (%s, %s, %s, %s, %s, '', %s, %s)",
                [*values.values(), False, event],
            )
