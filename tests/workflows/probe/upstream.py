"""Flows of viewflow's own nodes, one for each of its defects that the engine works around."""

from datetime import timedelta

from django.http import HttpResponse
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.base import Flow
from viewflow.workflow.lock import SelectForUpdateLock

LOCK = SelectForUpdateLock(nowait=False, attempts=1)
DAY = timedelta(days=1)


def blank(request, **_kwargs):
    return HttpResponse("")


def nothing(activation):
    pass


class DeadlineFlow(Flow):
    """Two deadlines on one step."""

    lock_impl = LOCK
    start = flow.StartHandle().Next(this.work)
    work = (
        flow.View(blank).OnTimeout(DAY, this.late).OnTimeout(2 * DAY, this.reminded, interrupting=False).Next(this.end)
    )
    late = flow.Function(nothing).Next(this.end)
    reminded = flow.Function(nothing).Next(this.reminded_end)
    reminded_end = flow.End()
    end = flow.End()


class ErrorFlow(Flow):
    """A timer's branch fails beside an open one."""

    lock_impl = LOCK
    start = flow.StartHandle().Next(this.fork)
    fork = flow.Split().Next(this.human).Next(this.wait)
    human = flow.View(blank).Next(this.end)
    wait = flow.Timer(DAY).Next(this.boom)
    boom = flow.Function(this.explode).Next(this.end)
    end = flow.End()

    def explode(self, activation):
        national_insurance_number = "QQ123456C"
        raise RuntimeError(national_insurance_number[:2])


class FirstFlow(Flow):
    """SplitFirst whose winner comes back to a branch."""

    lock_impl = LOCK
    start = flow.StartHandle().Next(this.race)
    race = flow.SplitFirst().Next(this.left).Next(this.right)
    left = flow.View(blank).Next(this.join)
    right = flow.View(blank).Next(this.join)
    join = flow.Join().Next(this.again)
    again = flow.If(lambda activation: True).Then(this.left).Else(this.end)
    end = flow.End()


class ParentFlow(Flow):
    lock_impl = LOCK
    start = flow.StartHandle().Next(this.work)
    work = flow.View(blank).OnTimeout(DAY, this.late).Next(this.end)
    late = flow.Function(nothing).Next(this.end)
    end = flow.End()


class ChildFlow(ParentFlow):
    extra = flow.View(blank).Next(this.end)


class PoisonFlow(Flow):
    """A timer whose next step cannot be created."""

    lock_impl = LOCK
    start = flow.StartHandle().Next(this.wait)
    wait = flow.Timer(DAY).Next(this.human)
    human = flow.View(blank).Assign(email="nobody@example.test").Next(this.end)
    end = flow.End()


def diamonds(count):
    """A flow of that many decisions one after the other."""
    nodes = {"__module__": __name__, "start": flow.StartHandle().Next(this.g0), "end": flow.End()}
    for i in range(count):
        merge = getattr(this, f"g{i + 1}" if i + 1 < count else "end")
        nodes[f"g{i}"] = flow.If(lambda a: True).Then(getattr(this, f"a{i}")).Else(getattr(this, f"b{i}"))
        nodes[f"a{i}"], nodes[f"b{i}"] = flow.View(blank).Next(merge), flow.View(blank).Next(merge)
    return type("DiamondsFlow", (Flow,), nodes)
