"""What is wrong with the log, or will be soon, and what to do about it.

A page asks with a fixed number of short queries; the command ``audit_doctor`` reads the whole log again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import DatabaseError

from audit.doctor import cheap, keys, whole
from audit.doctor.findings import ORDER, Finding, Severity
from audit.errors import Refused

__all__ = ["Finding", "Severity", "examine"]

Check = Callable[[], Iterator[Finding]]


def examine(*, thorough: bool = False) -> list[Finding]:
    """Everything that is wrong, the worst first; with ``thorough`` the whole log is read and its worker asked.

    Raises nothing but DatabaseError: a check that cannot be made is itself something that is wrong.
    """
    checks: list[Check] = [*cheap.CHECKS, *((*keys.CHECKS, *whole.CHECKS) if thorough else cheap.OF_PAGES)]
    found = [finding for check in checks for finding in _made(check)]
    return sorted(found, key=lambda each: ORDER[each.severity])


def _made(check: Check) -> list[Finding]:
    name = check.__name__.replace("_", " ")
    try:
        return list(check())
    except DatabaseError:
        raise
    except Refused as refused:
        return [Finding(Severity.ALARM, f"The check for {name} stopped: {refused.message}", _CURE)]
    except Exception as error:  # noqa: BLE001  whatever is wrong, the others are still to be told
        return [Finding(Severity.ALARM, f"The check for {name} stopped ({type(error).__name__}: {error}).", _CURE)]


_CURE = "Mend what it names, and ask again; if it names nothing you know, keep the database as it is."
