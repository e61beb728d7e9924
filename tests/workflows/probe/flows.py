"""Small flows, each for one behaviour."""

from datetime import timedelta

from viewflow import this

from audit import clock
from audit.actions import record
from workflows.engine.caseflow import CaseFlow
from workflows.engine.nodes import Deadline, Each, End, Function, If, Job, Join, Split, Start, Step, Switch

DAY = timedelta(days=1)


class ProbeFlow(CaseFlow):
    """A miniature of the authorisation."""

    case_name = "probe"

    submit = Start().Next(this.review)
    review = (
        Step(title="Desk-top review", stage="review").Permission("directory.assess", obj=this.board).Next(this.second)
    )
    second = (
        Step(title="Second reading", stage="second", also=this.is_chair)
        .Permission("directory.read_second", obj=this.board)
        .Next(this.comment)
    )
    comment = Step(title="Comments", stage="comment").Permission("directory.act_for", obj=this.ccg).Next(this.decide)
    comment_closes = Deadline(this.comment, at=this.closes_at).Next(this.lapse)
    comment_reminder = Deadline(this.comment, at=this.remind_at, interrupting=False).Next(this.remind)
    remind = Function(this.record_reminder).Next(this.reminded)
    reminded = End()
    lapse = Function(this.record_lapse).Next(this.decide)

    decide = (
        Step(title="Decision", stage="decide").Permission("directory.administer", obj=this.board).Next(this.outcome)
    )
    outcome = (
        Switch().Case(this.authorised, this.is_authorised).Case(this.plan, this.has_conditions).Default(this.refused)
    )
    plan = (
        Step(title="Plan agreed", stage="conditions").Permission("directory.administer", obj=this.board).Next(this.met)
    )
    met = If(this.is_met).Then(this.authorised).Else(this.plan)

    deferred = Step(title="Deferred", stage="deferred").Permission("directory.act_for", obj=this.ccg).Next(this.review)

    authorised = End(stage="authorised")
    refused = End(stage="refused")
    withdrawn = End(stage="withdrawn")

    def board(self, case):
        return case.board

    def ccg(self, case):
        return case.organisation_id

    def is_chair(self, by, case):
        return by.email.startswith("chair-of-") and case.pk is not None

    def closes_at(self, case):
        return case.closes_at or clock.now() + 10 * DAY

    def remind_at(self, case):
        return self.closes_at(case) - 2 * DAY

    def record_lapse(self, case):
        if case.outcome == "broken":
            raise RuntimeError("the rule behind the deadline fails")
        if case.outcome != "silent":
            record(case, "probe.lapsed", by="system")

    def record_reminder(self, case):
        record(case, "probe.reminded", by="system")

    def is_authorised(self, case):
        return case.outcome == "authorised"

    def has_conditions(self, case):
        return case.outcome in {"conditions", "met"}

    def is_met(self, case):
        return case.outcome == "met"


class PanelFlow(CaseFlow):
    """One task for each member, joined; a step and a decision after it."""

    case_name = "probe"

    start = Start().Next(this.members)
    members = Each(this.names).Next(this.position)
    position = Step(title="Position", stage="positions").Permission("directory.assess", obj=this.board).Next(this.heard)
    heard = Join().Next(this.decide)
    decide = Step(title="Decision", stage="decide").Permission("directory.assess", obj=this.board).Next(this.end)
    end = End(stage="decided")

    def names(self, case):
        return case.outcome.split() if case.outcome else ["ann", "bob", "cyd"]

    def board(self, case):
        return case.board_id


class BranchFlow(CaseFlow):
    """Two branches that meet, twice."""

    case_name = "probe"

    start = Start().Next(this.fork)
    fork = Split().Next(this.a).Next(this.b)
    a = Step(title="A", stage="work").Permission("directory.assess", obj=this.board).Next(this.join)
    b = Step(title="B", stage="work").Permission("directory.assess", obj=this.board).Next(this.join)
    join = Join().Next(this.again)
    again = If(this.goes_round).Then(this.fork).Else(this.end)
    end = End(stage="ended")

    def goes_round(self, case):
        return case.outcome == "again"

    def board(self, case):
        return case.board_id


SENT = []


class LetterFlow(CaseFlow):
    """A letter written by a worker, beside a step that ends at once."""

    case_name = "probe"

    start = Start().Next(this.fork)
    fork = Split().Next(this.letter).Next(this.read)
    letter = Job(this.write, send=SENT.append, done=this.record_letter).Next(this.sent)
    sent = End(stage="sent")
    read = Step(title="Read", stage="reading").Permission("directory.assess", obj=this.board).Next(this.sent)

    def write(self, case):
        if case.outcome == "broken":
            raise RuntimeError("QQ123456C is not for the database")
        return {"letter": f"{case.reference}.pdf"}

    def record_letter(self, case, result):
        record(case, "probe.letter_written", by="system", public=result)
        return result["letter"]

    def board(self, case):
        return case.board_id
