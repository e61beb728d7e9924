"""What somebody typed is text in every part of every field, never mark-up."""

import pytest
from django import forms

from directory.forms.fields import AreaField, DayField, ManyField, RadioField, SelectField, TextField, TickField

TYPED = "<b>typed</b>"
CHOICES = [("one", TYPED)]


class Everything(forms.Form):
    radio = RadioField(label=TYPED, help_text=TYPED, choices=CHOICES, missing="Choose")
    many = ManyField(label=TYPED, help_text=TYPED, choices=CHOICES, missing="Choose")
    select = SelectField(label=TYPED, help_text=TYPED, choices=CHOICES, missing="Choose")
    text = TextField(label=TYPED, help_text=TYPED, missing="Enter")
    area = AreaField(label=TYPED, help_text=TYPED, missing="Enter")
    day = DayField(label=TYPED, help_text=TYPED, missing="Enter")
    tick = TickField(label=TYPED, help_text=TYPED, missing="Tick")


@pytest.mark.parametrize("name", list(Everything.base_fields))
def test_field_shows_what_was_typed_as_text(name):
    form = Everything({"text": TYPED, "area": TYPED})
    form.add_error(name, TYPED)
    html = str(form[name].as_field_group())
    assert "<b>" not in html
    assert html.count("&lt;b&gt;typed") >= 2
