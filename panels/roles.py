"""What the layers above panels know of a case that the tests of disinterest need. They register what to ask here.

A source is asked once for all people and cases of a panel, and makes a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date

# (person's key, case reference, tier, day) of each part taken at a tier above panels; tier "prepared" for a preparer.
RoleSource = Callable[[Collection[int], Collection[str]], Iterable[tuple[int, str, str, date]]]
# (case reference, organisation's code) of each organisation named in a proposed direction.
NamedSource = Callable[[Collection[str]], Iterable[tuple[str, str]]]

_roles: list[RoleSource] = []
_named: list[NamedSource] = []


def register(source: RoleSource) -> None:
    """Ask this source who took which part in a case (D9). Called from an app's ready(); twice is once."""
    if source not in _roles:
        _roles.append(source)


def register_named(source: NamedSource) -> None:
    """Ask this source who would gain from a direction (D5). Called from an app's ready(); twice is once."""
    if source not in _named:
        _named.append(source)


def roles(people: Collection[int], case_refs: Collection[str]) -> Iterator[tuple[int, str, str, date]]:
    """Every part that these people took in these cases above panels."""
    for source in _roles:
        yield from source(people, case_refs)


def named(case_refs: Collection[str]) -> Iterator[tuple[str, str]]:
    """Every organisation named in a proposed direction of these cases."""
    for source in _named:
        yield from source(case_refs)
