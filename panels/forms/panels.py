"""What is done with a panel as a whole, and with who can come: invite, confirm, close, hand on, absences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from directory.forms.acting import ActingForm
from directory.forms.fields import AreaField, DayField, ManyField
from directory.queries import today
from panels.actions import absences, panels, seats
from panels.permissions import check_administers, check_runs

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Absence, Appointment, Panel, Seat


class PanelForm(ActingForm):
    """Something done to a panel by the secretariat."""

    def __init__(self, *args: Any, panel: Panel, **options: Any) -> None:
        super().__init__(*args, **options)
        self.panel = panel

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)


class Invite(PanelForm):
    """Ask those proposed."""

    title = "Invite"
    intro = (
        "Each is sent a message with a link, declares their interests there, and takes the seat or declines it. The "
        "papers stay closed until they have."
    )
    button = "Invite"

    def __init__(self, *args: Any, waiting: Sequence[Appointment], **options: Any) -> None:
        super().__init__(*args, **options)
        self.waiting = {str(each.pk): each for each in waiting}
        if not waiting:
            self.possible, self.warning = False, "Nobody waits for an invitation: offer a seat first."
            return
        self.fields["who"] = ManyField(
            label="Who is invited?",
            choices=[(key, f"{each.person}, {each.place}") for key, each in self.waiting.items()],
            initial=list(self.waiting),
            missing="Choose who is invited",
            small=True,
        )

    def act(self, by: Person) -> str:
        """Invite."""
        chosen = [self.waiting[key] for key in self.cleaned_data["who"]]
        asked = seats.invite(panel=self.panel, appointments=chosen, by=by)
        return f"Invited: {', '.join(str(each.person) for each in asked)}."


class Confirm(PanelForm):
    """The composition is settled."""

    title = "Confirm the panel"
    intro = "Every required seat must be held, for each day listed, by somebody who accepted and is trained for it."
    button = "Confirm the panel"

    def __init__(self, *args: Any, faults: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.faults = faults
        if on := self.panel.confirmed_at:
            self.possible = False
            self.warning = f"{self.panel.ref} is confirmed already, since {timezone.localtime(on):%-d %B %Y}."
        elif faults:
            self.possible = False

    def act(self, by: Person) -> str:
        """Confirm."""
        panels.confirm_panel(panel=self.panel, by=by)
        return f"{self.panel.ref} is confirmed, and its members are told."


class ClosePanel(PanelForm):
    """Its work is done, or it is given up."""

    title = "Close the panel"
    intro = "Its members keep their place in the record and lose its papers. A closed panel never sits again."
    button = "Close the panel"
    reason = AreaField(label="Why?", rows=3, missing="Say why the panel is closed", max_length=400)

    def act(self, by: Person) -> str:
        """Close."""
        panels.close_panel(panel=self.panel, reason=self.cleaned_data["reason"], by=by)
        return f"{self.panel.ref} is closed."


class HandOn(ActingForm):
    """An empty seat passes to its first alternate."""

    title = "Hand the seat on"
    intro = "The first alternate who has accepted takes the seat. They are tested again for every case, and told."
    button = "Hand the seat on"

    def __init__(self, *args: Any, seat: Seat, heir: Appointment | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seat, self.heir = seat, heir
        if heir is None:
            self.possible, self.warning = False, "No alternate has accepted: offer the seat to somebody."

    def check(self, by: Person) -> None:
        """The chair or the secretariat; the order is fixed, so nobody chooses."""
        check_runs(by, self.seat.panel)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Which seat, and to whom."""
        facts = [("Seat", self.seat.title)]
        if self.heir:
            facts += [("Passes to", str(self.heir.person)), ("Appointed by", self.heir.appointed_by.name)]
        return facts

    def act(self, by: Person) -> str:
        """Hand on."""
        heir = seats.substitute(seat=self.seat, by=by)
        return (
            f"The seat of {self.seat.title} has passed to {heir.person}. Confirm the panel again before it next sits."
        )


class NoteAbsence(ActingForm):
    """A member cannot come on some days."""

    title = "Note an absence"
    intro = "The seat falls to its next alternate for sittings on those days, who passes the same tests."
    button = "Note the absence"
    starts = DayField(label="First day", missing="Enter the first day")
    ends = DayField(label="Last day", missing="Enter the last day")
    reason = AreaField(label="Why?", help_text="You need not say", rows=2, required=False, max_length=400)

    def __init__(self, *args: Any, appointment: Appointment, **options: Any) -> None:
        super().__init__(*args, **options)
        self.appointment = appointment

    def check(self, by: Person) -> None:
        """Oneself or the secretariat."""
        if by.pk != self.appointment.person_id:
            check_administers(by)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Whose, and the days the panel sits."""
        days = self.appointment.panel.sittings.filter(closed_at__isnull=True).order_by("on")
        listed = ", ".join(f"{on.day} {on:%B %Y}" for on in days.values_list("on", flat=True))
        return [
            ("Member", str(self.appointment.person)),
            ("Seat", self.appointment.place),
            ("Sits on", listed or "No day listed yet"),
        ]

    def act(self, by: Person) -> str:
        """Note it."""
        given = self.cleaned_data
        absences.note_absence(
            appointment=self.appointment, starts=given["starts"], ends=given["ends"], reason=given["reason"], by=by
        )
        return f"{self.appointment.person} is noted as away."


class EndAbsence(ActingForm):
    """A member can come again, or need not be away at all."""

    title = "Shorten an absence"
    button = "Shorten it"
    ends = DayField(label="Last day away", missing="Enter the last day away")

    def __init__(self, *args: Any, absence: Absence, **options: Any) -> None:
        super().__init__(*args, **options)
        self.absence = absence
        if absence.withdrawn_at:
            self.possible, self.warning = False, "This absence was withdrawn before it began."
        elif absence.starts > today():
            self.title, self.button = "Shorten or withdraw an absence", "Shorten or withdraw it"
            ends = self.fields["ends"]
            ends.required, ends.help_text = False, "It has not begun: leave this empty to withdraw it"
        else:
            self.fields["ends"].initial = today()

    def check(self, by: Person) -> None:
        """Oneself or the secretariat."""
        if by.pk != self.absence.appointment.person_id:
            check_administers(by)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Whose, and as it stands."""
        return [
            ("Member", str(self.absence.appointment.person)),
            ("Away", f"{self.absence.starts:%-d %B %Y} to {self.absence.ends:%-d %B %Y}"),
        ]

    def act(self, by: Person) -> str:
        """Shorten it."""
        row = absences.end_absence(absence=self.absence, ends=self.cleaned_data["ends"], by=by)
        who = self.absence.appointment.person
        if row.withdrawn_at:
            return f"The absence of {who} is withdrawn."
        return f"{who} is away until {row.ends:%-d %B %Y} only."
