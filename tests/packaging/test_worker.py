"""Background work by a real worker on a real broker, as everywhere else."""

import pytest
from django.conf import settings

from config.celery import app


@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
def test_worker_answers(worker):
    assert app.control.ping(timeout=30, limit=1) != []


def test_messages_are_json_and_acknowledged_late():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_acks_late
    assert app.conf.task_ignore_result
    assert not app.conf.task_always_eager


def test_schedule_names_tasks_that_exist():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} - set(app.tasks) == set()
