"""The versions of the process. `CURRENT` says on which one a new case starts; running cases stay on theirs."""

from workflows.flows.v1 import Authorisation as CURRENT

__all__ = ["CURRENT"]
