"""Once a day the tables are compared without anybody asking, and what was found is an event and an alarm."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from audit import clock, reconciled
from audit.doctor import Severity, examine
from audit.models import Event
from directory.models import Person
from workflows.tasks import reconcile

pytestmark = pytest.mark.django_db


def told():
    return [event.document["public"] for event in Event.objects.filter(event_type=reconciled.RECONCILED)]


def alarms():
    return [each for each in examine() if "compared with the events" in each.what]


def test_it_is_done_once_a_day_and_noted(lived):
    with time_machine.travel(clock.real_now() + timedelta(days=3), tick=False):
        (late,) = alarms()
        assert (late.severity, late.what.startswith("The tables were not compared")) == (Severity.WARNING, True)
        assert reconcile() == 0
        assert reconcile() is None
        assert alarms() == []
    (one,) = told()
    assert (one["differences"], one["first"]) == (0, [])
    assert min(one["streams"], one["events"], one["rows"]) > 0
    with time_machine.travel(clock.real_now() + timedelta(days=4), tick=False):
        assert reconcile() == 0
    assert len(told()) == 2


def test_altered_row_is_an_alarm_that_tells_nothing_private(lived, unfenced):
    unfenced()
    person = lived.world.outsider
    Person.objects.filter(pk=person.pk).update(full_name="Somebody Else")
    assert reconcile() == 1
    (one,) = told()
    assert one["first"] == [{"stream": person.stream, "table": "directory.Person", "field": "full_name"}]
    (alarm,) = alarms()
    assert alarm.severity is Severity.ALARM
    assert "1 difference, the first: " + person.stream in alarm.what


def test_most_differences_are_only_counted(lived, unfenced):
    unfenced()
    people = Person.objects.count()
    Person.objects.update(full_name="Somebody Else")
    assert reconcile() == people
    (one,) = told()
    assert len(one["first"]) == min(people, reconciled.NAMED) < people


def test_command_records_what_it_found_only_when_asked(lived, unfenced):
    unfenced()
    Person.objects.filter(pk=lived.world.outsider.pk).update(full_name="Somebody Else")
    for options in ((), ("--note",)):
        with pytest.raises(SystemExit):
            call_command("audit_reconcile", *options, stdout=StringIO())
        assert len(told()) == len(options)
    with pytest.raises(CommandError, match="leave out --stream"):
        call_command("audit_reconcile", "--note", "--stream", lived.world.outsider.stream)
