"""The base of every flow: which rows it uses, how it locks, and which case it moves."""

from typing import Any, TypeAlias

from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Flow
from viewflow.workflow.lock import SelectForUpdateLock

from workflows.engine.tasks import Process, Task

# An audited aggregate with `process` (one-to-one, PROTECT) and `stage`; which model, its flow says. The engine moves
# cases of any app, so it cannot name one.
Case: TypeAlias = Any


class CaseFlow(Flow):
    """A process that moves one kind of case; a version is a copied module, never a subclass.

    `case_name` is the name under which a process finds its case: the reverse of the case's one-to-one key.
    """

    process_class = Process
    task_class = Task
    # Waits in the database's own queue; upstream's default sleeps in Python, and none at all loses joins.
    lock_impl = SelectForUpdateLock(nowait=False, attempts=1)
    case_name = "application"
    # Foreign keys of the case that never change, to rows that never change: what the caller has read of them is kept.
    pinned: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if CaseFlow not in cls.__bases__:
            raise TypeError(f"{cls.__name__}: copy the module of the flow instead of inheriting from it.")
        for title in ("process_title", "process_description"):
            if title not in cls.__dict__:
                setattr(cls, title, "")  # taken from the flow's own docstring, not from ours
        super().__init_subclass__(**kwargs)

    @classmethod
    def case_of(cls, process: Process) -> Case:
        """The case a process moves; no query when the driver loaded both together."""
        return getattr(process, cls.case_name)


def case_of(activation: Activation) -> Case:
    """The case an activation is about, the same object for the whole turn."""
    return activation.flow_class.case_of(activation.process)
