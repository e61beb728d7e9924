"""What each CCG's file says at each tier, from the fact table; what that does not give is synthetic and repeatable."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from authorisation.enums import AuthorisationOutcome, ReviewResult
from authorisation.facts import CcgFact
from authorisation.models import Criterion
from authorisation.rules import Found, Proposed, Reviewed

ANSWERED_OF_TEN = 7
REMOVED_IN_WINDOW_OF = 4
ENQUIRIES = (2, 6)
SUBSTANTIAL = ("IV", "V", "VI")
TEST = "Evidence to the regional office that the criterion is met in full (synthetic test)."
MET = "The evidence read supports the threshold."
NOT_MET = "The evidence read does not yet show the threshold."


@dataclass(frozen=True)
class Dossier:
    """One CCG's case: what was open at which tier."""

    fact: CcgFact
    removed: frozenset[str]
    enquiries: frozenset[str]
    answers: tuple[bool, bool]
    order: Mapping[str, Criterion]

    @property
    def code(self) -> str:
        """The CCG."""
        return self.fact.code

    @property
    def left(self) -> frozenset[str]:
        """Unmet at the decision."""
        return frozenset(each.criterion for each in self.fact.unmet)

    def desk_top(self, domain: int) -> list[Found]:
        """Every criterion of a domain as the assessors saw it."""
        red = self.left | self.removed | self.enquiries
        return [
            Found(code, False, NOT_MET, f"How does the CCG show {code}?") if code in red else Found(code, True, MET)
            for code, criterion in self.order.items()
            if criterion.domain == domain
        ]

    def site_visit(self) -> list[Found]:
        """What the visit settled: the enquiries are met, the rest stay open."""
        still = self.left | self.removed
        return [
            Found(code, code in self.enquiries, "Shown at the visit." if code in self.enquiries else NOT_MET)
            for code in sorted(still | self.enquiries)
        ]

    def again(self) -> list[Found]:
        """A second visit after a deferral looks only at what is still open."""
        return [Found(code, False, NOT_MET) for code in sorted(self.left | self.removed)]

    def proposals(self) -> list[Proposed]:
        """What the conditions panel proposes: what was imposed in the end, and what the answer will remove."""
        levels = {each.criterion: each.level for each in self.fact.unmet}
        carrier = next((code for code, level in levels.items() if level in SUBSTANTIAL), next(iter(levels), ""))
        texts = "\n".join(each.text for each in self.fact.directions_given if each.given == "A")
        return [Proposed(code, "I", TEST) for code in sorted(self.removed)] + [
            Proposed(code, level, TEST, texts if code == carrier else "") for code, level in levels.items()
        ]

    def answered(self) -> list[Found]:
        """What the answer to the proposed conditions met."""
        return [Found(code, True, "Shown in the answer.") for code in sorted(self.removed)]

    def moderated(self) -> str:
        """What moderation recommends."""
        return _outcome(bool(self.left | self.removed))

    def decided(self) -> str:
        """What the sub-committee decides."""
        return _outcome(bool(self.left))

    def reviewed(self, number: int) -> list[Reviewed]:
        """What a review does to each condition that is open before it."""
        before, after = self.fact.open_after(number - 1), self.fact.open_after(number)
        return [_reviewed(code, level, after.get(code)) for code, level in before.items()]

    def given(self, number: int) -> dict[str, Sequence[str]]:
        """Directions a review adds, by the condition they rest on."""
        texts = [each.text for each in self.fact.directions_given if each.given == f"R{number}"]
        if not texts:
            return {}
        after = self.fact.open_after(number)
        return {next(code for code, level in after.items() if level in SUBSTANTIAL): texts}

    def lifted(self, number: int) -> set[str]:
        """Texts of the directions a review lifts."""
        return {each.text for each in self.fact.directions_given if each.lifted == f"R{number}"}

    def under_review(self, number: int) -> bool:
        """Whether anything is left for a review."""
        return not self.fact.full_after(number - 1)


def _outcome(conditional: bool) -> str:
    return (AuthorisationOutcome.CONDITIONAL if conditional else AuthorisationOutcome.FULL).value


def _reviewed(code: str, before: str, after: str | None) -> Reviewed:
    if after is None:
        return Reviewed(code, ReviewResult.DISCHARGE, "The evidence meets the test of discharge.")
    if after == before:
        return Reviewed(code, ReviewResult.KEEP, "The test of discharge is not met yet.")
    scale = ["I", "II", "III", "IV", "V", "VI"]
    higher = scale.index(after) > scale.index(before)
    result = ReviewResult.RAISE if higher else ReviewResult.LOWER
    return Reviewed(code, result, "The support needed has changed.", after)


def dossier(fact: CcgFact, order: Mapping[str, Criterion], *, seed: int) -> Dossier:
    """The dossier of one CCG; the same seed gives the same."""
    draw = random.Random(f"{seed}:{fact.code}")  # noqa: S311  a repeatable choice, not a secret
    left = {each.criterion for each in fact.unmet}
    spare = [code for code in order if code not in left]
    enquiries = set(draw.sample(spare, draw.randint(*ENQUIRIES)))
    removed = set()
    if left and draw.randrange(REMOVED_IN_WINDOW_OF) == 0:
        removed = {draw.choice([code for code in spare if code not in enquiries])}
    answers = (draw.randrange(10) < ANSWERED_OF_TEN, bool(removed) or draw.randrange(10) < ANSWERED_OF_TEN)
    return Dossier(fact, frozenset(removed), frozenset(enquiries), answers, order)
