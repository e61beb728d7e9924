"""Offering a seat, to its member or to an alternate, with all that is known before the offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm, Group
from directory.forms.fields import RadioField, SelectField
from panels.actions import seats
from panels.actions.seats import Proposal
from panels.errors import SeatRefused
from panels.permissions import check_administers
from panels.rules import COALITION_SEAT, Effect

if TYPE_CHECKING:
    from directory.models import Organisation, Person
    from panels.models import Appointment, Seat
    from panels.offers import Offer

# More than so many are chosen from a list that drops down.
IN_VIEW = 12


class _Also:
    """A choice that takes those not offered as well: the action refuses them, and the refusal is kept."""

    also: frozenset[str] = frozenset()

    def valid_value(self, value: str) -> bool:
        """Whether it was offered, or could have been but for the rules."""
        return value in self.also or bool(super().valid_value(value))  # type: ignore[misc]


class _InView(_Also, RadioField):
    pass


class _InList(_Also, SelectField):
    pass


class Fill(ActingForm):
    """Offer a free place on a seat to somebody.

    Those who cannot be offered it are listed with the reason; to propose one all the same is refused, on record.
    """

    title = "Offer a seat"
    intro = (
        "Everybody is tested against every case listed for the panel before the offer is made. An offer is only a "
        "proposal: the person hears of it when you invite them."
    )
    button = "Offer the seat"

    def __init__(
        self,
        *args: Any,
        seat: Seat,
        rank: int,
        offers: Sequence[Offer],
        bodies: Sequence[Organisation],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.seat, self.rank, self.only = seat, rank, ""
        self.title = f"Offer a seat: alternate {rank}" if rank else self.title
        self.name = "nomination" if seat.kind == COALITION_SEAT else "person"
        self.open = {each.key: each for each in offers if not each.fault}
        self.shut = {each.key: each for each in offers if each.fault}
        self._choose()
        if self.name == "person" and self.possible:
            self.bodies = {str(each.pk): each for each in bodies}
            self.only = str(bodies[0].pk) if bodies else ""
            choices = [(str(each.pk), str(each)) for each in bodies]
            if len(choices) > 1:
                choices.insert(0, ("", "Choose"))
            self.fields["body"] = SelectField(
                label="Appointed by",
                choices=choices,
                initial=self.only if len(bodies) == 1 else None,
                missing="Choose who appoints",
            )

    def _choose(self) -> None:
        label = "Who, on whose nomination?" if self.name == "nomination" else "Who?"
        missing = "Choose one of those nominated" if self.name == "nomination" else "Choose a person"
        choices = [(key, each.label) for key, each in self.open.items()]
        if not choices and not self.shut:
            self.possible = False
            self.warning = "Nobody can be offered this seat now."
        elif len(choices) <= IN_VIEW:
            self.fields[self.name] = _InView(label=label, choices=choices, missing=missing, small=True)
        else:
            self.fields[self.name] = _InList(label=label, choices=[("", "Choose"), *choices], missing=missing)
        if self.name in self.fields:
            self.fields[self.name].also = frozenset(self.shut)  # type: ignore[attr-defined]

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Which seat, for whom to fill, and who cannot be asked."""
        facts = [("Seat", f"{self.seat.title}, seat {self.seat.number}")]
        if self.rank:
            facts.append(("Place", f"Alternate {self.rank}: takes the seat when nobody before them can"))
        if self.seat.accreditation:
            facts.append(("Asks for", self.seat.accreditation.replace("_", " ").capitalize()))
        return facts

    def groups(self) -> Sequence[Group]:
        """Who, then who appoints."""
        return [Group([self[name] for name in self.fields])]

    def act(self, by: Person) -> str:
        """Propose."""
        offer = (self.open | self.shut)[self.cleaned_data[self.name]]
        if offer.nomination:
            proposal = Proposal(self.seat, offer.person, offer.nomination.body, offer.nomination, self.rank)
        else:
            proposal = Proposal(self.seat, offer.person, self.bodies[self.cleaned_data["body"]], rank=self.rank)
        try:
            (offered,) = seats.fill_seats(panel=self.seat.panel, proposals=[proposal], by=by)
        except SeatRefused as refused:
            # Asked for from the list of those who cannot be offered it: the refusal is what was wanted.
            if self.data.get("record") and refused.message:
                return f"Recorded: {refused.message}"
            raise
        return f"The seat of {offered.place} is offered to {proposal.person}: {_tested(offered)}. Invite them."


def _tested(offered: Appointment) -> str:
    """In words, how the tests before the offer went."""
    effects = list(offered.checks.exclude(item=None).values_list("effect", flat=True))
    if not effects:
        return "no case is listed yet to test against"
    barred, number = effects.count(Effect.BARRED), len(effects)
    answer = f"barred from {barred}" if barred else "barred from none"
    return f"tested against {number} {'case' if number == 1 else 'cases'}, {answer}"
