from audit import actions
from audit.models import Erasure, Private
from audit.queries import history


def note(case, clerk, text):
    event = actions.record(
        case,
        "case.noted",
        by=clerk,
        public={"n": case.audit_seq},
        private={"free_text": {"t": text}, "person": {"p": text}},
    )
    actions.settle(case)
    return event


def test_history_newest_first_with_the_groups_asked_for(open_case, clerk, django_assert_num_queries):
    case, other = open_case("Leeds"), open_case("York")
    note(case, clerk, "one")
    note(other, clerk, "elsewhere")
    note(case, clerk, "two")
    with django_assert_num_queries(2):
        entries = history(case.stream, groups={"free_text"})
    assert [(entry.event.stream_seq, dict(entry.private)) for entry in entries] == [
        (3, {"free_text": {"t": "two"}}),
        (2, {"free_text": {"t": "one"}}),
        (1, {}),
    ]
    assert [entry.public for entry in entries] == [{"n": 2}, {"n": 1}, {"name": "Leeds"}]


def test_history_without_groups_reads_no_secret(case, clerk, django_assert_num_queries):
    note(case, clerk, "secret")
    with django_assert_num_queries(1):
        assert [dict(entry.private) for entry in history(case.stream, groups=())] == [{}, {}]


def test_history_erased_body_is_none(case, clerk):
    event = note(case, clerk, "secret")
    order = actions.record_system("erasure.performed", by=clerk)
    Erasure.objects.create(event=event, grp="person", erasure_event=order, ground="asked", at=event.occurred_at)
    Private.objects.filter(event=event, grp="person").delete()
    newest = history(case.stream, groups={"free_text", "person"})[0]
    assert newest.private == {"free_text": {"t": "secret"}, "person": None}


def test_history_pages(case, clerk):
    for text in "abc":
        note(case, clerk, text)
    first = history(case.stream, groups=(), limit=2)
    second = history(case.stream, groups=(), limit=2, before=first[-1].event.stream_seq)
    assert [entry.event.stream_seq for entry in first + second] == [4, 3, 2, 1]
    assert history("system", groups=()) == []
