from datetime import UTC, date, datetime, time

import jinja2
import pytest

from config import jinja


@pytest.fixture
def templates():
    return jinja.environment(loader=jinja2.DictLoader({}))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2012, 10, 4), "4 October 2012"),
        (datetime(2012, 7, 4, 23, 30, tzinfo=UTC), "5 July 2012"),
        (None, ""),
    ],
)
def test_date_is_the_day_in_london(value, written):
    assert jinja.date(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (time(0, 0), "midnight"),
        (time(0, 5), "12:05am"),
        (time(9, 0), "9am"),
        (time(12, 0), "midday"),
        (time(12, 30), "12:30pm"),
        (datetime(2012, 7, 4, 13, 30, tzinfo=UTC), "2:30pm"),
        (None, ""),
    ],
)
def test_time_is_written_the_british_way(value, written):
    assert jinja.time(value) == written


def test_moment_has_day_and_time_in_london():
    assert jinja.date_and_time(datetime(2012, 7, 4, 13, 30, tzinfo=UTC)) == "4 July 2012 at 2:30pm"
    assert jinja.date_and_time(None) == ""


def test_iso_is_for_machines():
    assert jinja.iso(date(2012, 7, 4)) == "2012-07-04"
    assert jinja.iso(datetime(2012, 7, 4, 13, 30, tzinfo=UTC)) == "2012-07-04T14:30:00+01:00"


def test_every_component_of_the_design_system_compiles(templates):
    names = [name for name in templates.loader.loaders[1].list_templates() if name.startswith("nhsuk/components/")]
    assert len(names) > 40
    for name in names:
        templates.get_template(name)


def test_macro_draws_a_component_and_escapes_its_text(templates):
    source = '{% from "nhsuk/components/button/macro.jinja" import button %}{{ button({"text": "<Go>"}) }}'
    drawn = templates.from_string(source).render()
    assert 'class="nhsuk-button"' in drawn
    assert "&lt;Go&gt;" in drawn


def test_name_never_given_to_a_page_is_an_error(templates):
    with pytest.raises(jinja2.UndefinedError, match="'nobody' was not given to this template"):
        templates.from_string("{{ nobody }}").render()


def test_unknown_name_may_be_asked_for(templates):
    assert templates.from_string("{% if nobody %}x{% endif %}{{ known.unknown }}").render(known={}) == ""


def test_url_gives_the_address_of_a_page(templates):
    assert templates.from_string("{{ url('health-live') }}").render() == "/health/live"
