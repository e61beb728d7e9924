from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
from django.db import connection

from audit.models import Event
from directory.actions import posts
from directory.errors import BadPost
from directory.models import OrganisationGrant, PostKind
from tests.directory.conftest import SPRING


def together(*jobs):
    """Run the jobs at once, each on its own connection; what each gave or raised, in their order."""
    start = Barrier(len(jobs))

    def run(job):
        try:
            start.wait()
            return job()
        except BadPost as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_sweep_on_two_machines_turns_each_post_once(make_person, ccg):
    for name in ("Ann Other", "Bo Else", "Cy Third"):
        posts.appoint(
            person=make_person(name),
            organisation=ccg,
            kind=PostKind.CHAIR,
            starts=SPRING,
            ends=date(2012, 9, 1),
            by="system",
        )

    def sweep():
        return posts.expire(datetime(2012, 9, 1, 12, tzinfo=UTC))

    assert sum(together(sweep, sweep)) == 3
    assert Event.objects.filter(event_type="post.expired").count() == 3
    assert OrganisationGrant.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_appointing_twice_at_once_gives_one_post(ann, ccg):
    def appoint():
        return posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system").kind

    assert sorted(map(str, together(appoint, appoint))) == sorted([str(BadPost), "chair"])
    assert Event.objects.filter(stream=ann.stream, event_type="post.appointed").count() == 1
