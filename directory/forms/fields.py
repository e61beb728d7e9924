"""Fields that render themselves as the design system does; `as_field_group()` in a page is all they need.

Each takes `missing`, the sentence shown when it is required and empty. No `maxlength` reaches the page: people see the
message instead of having their words cut off.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.forms.boundfield import BoundField

SHORT, LONG = 200, 10_000


class Field(forms.Field):
    """What our fields have in common with the design system's options."""

    template_name: str
    size = ""
    small = False

    def __init__(self, *args: Any, missing: str = "", size: str = "", **options: Any) -> None:
        if missing:
            options["error_messages"] = {"required": missing, **options.get("error_messages", {})}
        options.setdefault("template_name", self.page_template)
        super().__init__(*args, **options)
        self.size = size
        if self.label:
            named = str(self.label).replace("%", "%%")
            told = f"“{named}” takes at most %(limit_value)d characters, and there are %(show_value)d"
            self.error_messages.setdefault("max_length", told)

    page_template: ClassVar[str] = ""

    def first_id(self, bound: BoundField) -> str:
        """The element the error summary leads to."""
        return str(bound.auto_id)


class TextField(Field, forms.CharField):
    """One line of text."""

    page_template = "components/fields/text.jinja"
    input_type = "text"
    inputmode = ""
    spellcheck: bool | None = None

    def __init__(self, *args: Any, autocomplete: str = "", width: str = "", **options: Any) -> None:
        options.setdefault("max_length", SHORT)
        super().__init__(*args, **options)
        self.autocomplete, self.width = autocomplete, width


class EmailField(TextField):
    """An e-mail address, as typed; whether it is one is for whoever uses it."""

    input_type = "email"
    spellcheck = False


class PasswordField(TextField):
    """A password; never written back into the page."""

    input_type = "password"
    spellcheck = False

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("strip", False)
        options.setdefault("widget", forms.PasswordInput)
        super().__init__(*args, **options)

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ARG002  Django's signature
        """Nothing to show again."""
        return ""


class WholeField(Field, forms.IntegerField):
    """A whole number in a narrow box."""

    page_template = "components/fields/text.jinja"
    input_type = "text"
    inputmode = "numeric"
    autocomplete = ""
    width = "5"
    spellcheck = False

    def __init__(self, *args: Any, **options: Any) -> None:
        errors = {"invalid": "Enter a whole number, such as 12"}
        super().__init__(*args, **{"error_messages": errors, **options})
        self.error_messages["invalid"] = errors["invalid"]


class AreaField(Field, forms.CharField):
    """Several lines of text."""

    page_template = "components/fields/area.jinja"

    def __init__(self, *args: Any, rows: int = 5, **options: Any) -> None:
        options.setdefault("max_length", LONG)
        super().__init__(*args, **options)
        self.rows = rows


class SelectField(Field, forms.ChoiceField):
    """One of many, in a drop-down list."""

    page_template = "components/fields/select.jinja"


class RadioField(Field, forms.ChoiceField):
    """One of a few, all in view."""

    page_template = "components/fields/radios.jinja"

    def __init__(self, *args: Any, inline: bool = False, small: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.inline, self.small = inline, small


class ManyField(Field, forms.MultipleChoiceField):
    """Any number of a few, all in view."""

    page_template = "components/fields/checkboxes.jinja"

    def __init__(self, *args: Any, small: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.small = small


class TickField(Field, forms.BooleanField):
    """Yes, or nothing."""

    page_template = "components/fields/tick.jinja"


class _DayWidget(forms.MultiWidget):
    def __init__(self) -> None:
        super().__init__([forms.TextInput(), forms.TextInput(), forms.TextInput()])

    def decompress(self, value: date | None) -> list[Any]:
        return [value.day, value.month, value.year] if value else [None, None, None]


class DayField(Field, forms.Field):
    """A day in three boxes."""

    page_template = "components/fields/day.jinja"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, widget=_DayWidget(), **options)

    def parts(self, value: Any) -> list[Any]:
        """What stands in the three boxes: what was typed, or the day there was."""
        if isinstance(value, date):
            return [value.day, value.month, value.year]
        return list(value or ["", "", ""])

    def clean(self, value: Sequence[str] | None) -> date | None:
        """The day typed. Raises ValidationError naming what to enter."""
        typed = [(part or "").strip() for part in value or []]
        if not any(typed):
            super().clean(None)
            return None
        try:
            day, month, year = (int(part) for part in typed)
            return date(year, month, day)
        except (ValueError, OverflowError):
            raise forms.ValidationError("Enter a real day, such as 5 12 2012") from None

    def first_id(self, bound: BoundField) -> str:
        """The first of the three boxes."""
        return f"{bound.auto_id}_0"
