"""The rows of the engine; the tables of this app."""

from workflows.engine.tasks import Process, Task

__all__ = ["Process", "Task"]
