"""Ways to alter an honest history so that a rule is broken, and what is needed to write one."""

import re
from collections.abc import Callable

import pytest

from tests.audit.rules.story import Entry, Story, recomposed

VOICE = "coalition_representative"


class Ways(list):
    """A table of them: each with the sentence that names it."""

    def breach(self, sentence: str, *, disclosed: bool = False) -> Callable:
        """A way to break a rule, and the sentence that names it."""

        def add(alter):
            self.append(pytest.param(alter, sentence, disclosed, id=alter.__name__))
            return alter

        return add


def decided(story: Story) -> Entry:
    """The moderation panel's decision."""
    return story.last("item.decided")


def rows(story: Story) -> list[dict]:
    return decided(story).public["composition"]["members"]


def row(story: Story, seat: str, number: int = 0) -> dict:
    """A member by their seat."""
    return [each for each in rows(story) if each["seat"] == seat][number]


def panel(story: Story) -> str:
    return decided(story).document["stream"]


def on_panel(story: Story, type_: str, where=lambda _: True) -> Entry:
    return story.before(decided(story), type_, where)


def names(person: str):
    """Entries about a person's seat."""
    return lambda entry: any(seat["person"] == person for seat in entry.public["seats"])


def said_by(person: str):
    return lambda entry: any(each["person"] == person for each in entry.public["positions"])


def answers(member: dict, rule: str, effect: str) -> None:
    """A test answers otherwise, and the verdict with it."""
    next(each for each in member["checks"] if each["rule"] == rule)["effect"] = effect
    order = ["clear", "declare_only", "discuss_no_vote", "barred"]
    strictest = max(member["checks"], key=lambda each: order.index(each["effect"]))
    member["effect"] = strictest["effect"]
    member["rule"] = "" if member["effect"] == "clear" else strictest["rule"]


def silence(member: dict) -> None:
    member.update(sits=False, votes=False, stance="", entered_by="")


def count_again(story: Story) -> None:
    """Whoever alters a composition takes care that its sums and its hash agree."""
    body = decided(story).public["composition"]
    sit, vote = sum(each["sits"] for each in rows(story)), sum(each["votes"] for each in rows(story))
    body["quorum"]["to_sit"]["there"] = sit
    body["quorum"]["to_decide"]["voting"] = body["quorum"]["counted"] = vote
    for seat in body["seats"]:
        seat["filled"] = sum(each["sits"] for each in rows(story) if each["seat"] == seat["seat"])
    recomposed(decided(story))


def shown(story: Story, seat: str, number: int = 0) -> dict:
    """The disclosed facts of a member."""
    members = decided(story).private["interest"]["members"]
    return [each for each in members if each["seat"] == seat][number]


def check(story: Story, sentence: str, *, disclosed: bool = False) -> None:
    """The log is whole, and one step names the rule and an entry."""
    report = story.check(disclosed=disclosed)
    failed = [step.detail for step in report.steps if not step.ok]
    assert report.verdict == "breached", failed
    named = [each for each in failed if re.search(sentence, each)]
    assert named, failed
    assert re.match(r"Entry [\d,]+ \(number \d+ of |Entry [\d,]+ \(system\)", named[0])
