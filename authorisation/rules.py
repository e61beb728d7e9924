"""What follows from what: pure predicates over plain values. No database, no clock, no Django models."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit.notes import Head
from authorisation.enums import ReviewResult


@dataclass(frozen=True)
class Found:
    """One finding as a person states it. A criterion not met at the desk-top review names its line of enquiry."""

    code: str
    met: bool
    reason: str
    line_of_enquiry: str = ""


@dataclass(frozen=True)
class Proposed:
    """A condition as a conditions panel proposes it; `other`: the code of the CCG that would take over functions."""

    code: str
    level: str
    discharge_test: str
    direction: str = ""
    other: str = ""


@dataclass(frozen=True)
class Reviewed:
    """What a review does to one condition; `level` is the new level when raised or lowered."""

    code: str
    result: ReviewResult
    reason: str
    level: str = ""


@dataclass(frozen=True)
class Printed:
    """What a letter prints of the log: a signed head, the decision's place under it, and the proof of that place."""

    head: Head
    index: int
    proof: str

    @property
    def root(self) -> str:
        """The root in the 44 characters it is written in everywhere."""
        return b64encode(self.head.root).decode()


def doubled(codes: Iterable[str]) -> list[str]:
    """The codes that occur more than once."""
    return sorted(code for code, count in Counter(codes).items() if count > 1)


def finding_faults(findings: Sequence[Found], wanted: Iterable[str], *, enquiries: bool = False) -> list[str]:
    """Why these findings cannot be recorded: each wanted criterion exactly once, each with a reason."""
    codes, expected = [each.code for each in findings], set(wanted)
    faults = [f"{code} is given twice: state each criterion once" for code in doubled(codes)]
    faults += [f"{code} is not among the criteria asked for" for code in sorted(set(codes) - expected)]
    faults += [f"{code} has no finding" for code in sorted(expected - set(codes))]
    faults += [
        f"{each.code} has no reason: say what the evidence shows" for each in findings if not each.reason.strip()
    ]
    if enquiries:
        faults += [
            f"{each.code} is not met and has no line of enquiry: write the question the site visit must settle"
            for each in findings
            if not each.met and not each.line_of_enquiry.strip()
        ]
    return faults


def proposal_faults(proposals: Sequence[Proposed], unmet: Iterable[str], levels: Mapping[str, object]) -> list[str]:
    """Why these conditions do not answer the unmet criteria one to one, with one known level each (I5)."""
    codes, expected = [each.code for each in proposals], set(unmet)
    faults = [f"{code} is given two conditions: one unmet criterion has one" for code in doubled(codes)]
    faults += [f"{code} is met and needs no condition" for code in sorted(set(codes) - expected)]
    faults += [f"{code} is not met and has no condition" for code in sorted(expected - set(codes))]
    faults += [
        f'{each.code} has support level "{each.level}": choose one of {", ".join(levels)}'
        for each in proposals
        if each.level not in levels
    ]
    faults += [
        f"{each.code} has no test of discharge: say what the CCG must show"
        for each in proposals
        if not each.discharge_test.strip()
    ]
    faults += [
        f"{each.code} names {each.other} to take over functions and has no direction: write it, or name nobody"
        for each in proposals
        if each.other and not each.direction.strip()
    ]
    return faults


def review_faults(results: Sequence[Reviewed], standing: Mapping[str, str], levels: Sequence[str]) -> list[str]:
    """Why these review results cannot be recorded. `standing` maps each open condition to its level."""
    codes = [each.code for each in results]
    faults = [f"{code} is given two results" for code in doubled(codes)]
    faults += [f"{code} has no open condition" for code in sorted(set(codes) - set(standing))]
    faults += [f"{code} has an open condition and no result" for code in sorted(set(standing) - set(codes))]
    faults += [f"{each.code} has no reason" for each in results if not each.reason.strip()]
    for each in results:
        if each.code not in standing:
            continue
        if each.result in {ReviewResult.RAISE, ReviewResult.LOWER}:
            faults += _level_faults(each, standing[each.code], levels)
        elif each.level not in {"", standing[each.code]}:
            faults.append(f"{each.code} is {each.result.label.lower()} and given level {each.level}: leave it out")
    return faults


def _level_faults(reviewed: Reviewed, now: str, levels: Sequence[str]) -> list[str]:
    if reviewed.level not in levels:
        return [f'{reviewed.code} has new level "{reviewed.level}": choose one of {", ".join(levels)}']
    higher = levels.index(reviewed.level) > levels.index(now)
    if reviewed.level == now or higher != (reviewed.result is ReviewResult.RAISE):
        return [f"{reviewed.code} stands at level {now}: level {reviewed.level} does not {reviewed.result} it"]
    return []


def is_fully_authorised(*, open_conditions: int, directions: int) -> bool:
    """A CCG is fully authorised if and only if no condition is open and no direction is in force (domain.md 11.3)."""
    return open_conditions == 0 and directions == 0
