"""What the streams of the log are called, and which ones a reference or a name means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from django.db.models import Q
from django.urls import reverse

from audit.house import Choices, Named
from authorisation.models import Application, Letter
from directory.models import Person, Post, PostKind
from panels.models import Panel

LARGEST_KEY = 2**63 - 1


def named(streams: Collection[str]) -> Mapping[str, Named]:
    """What cases, panels and people are called and where they are; at most three queries."""
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for stream in streams:
        asked[stream.partition(":")[0]].add(stream)
    found: dict[str, Named] = {}
    for prefix, look in _LOOKS.items():
        if asked[prefix]:
            found |= look(asked[prefix])
    return found


def _cases(streams: Collection[str]) -> dict[str, Named]:
    rows = Application.objects.filter(stream__in=streams).values_list("stream", "ref", "ccg__name")
    return {
        stream: Named(f"{ref}, {name}", "Application", reverse("application", args=[ref])) for stream, ref, name in rows
    }


def _panels(streams: Collection[str]) -> dict[str, Named]:
    rows = Panel.objects.filter(stream__in=streams)
    return {
        row.stream: Named(f"{row.ref} {row.title}", "Panel", reverse("audit-panel", args=[row.ref])) for row in rows
    }


def _people(streams: Collection[str]) -> dict[str, Named]:
    rows = Person.objects.filter(stream__in=streams).only("stream", "title", "full_name")
    return {row.stream: Named(row.display_name, "Person") for row in rows}


_LOOKS: Mapping[str, Callable[[Collection[str]], dict[str, Named]]] = {
    Application.STREAM_PREFIX: _cases,
    Panel.STREAM_PREFIX: _panels,
    Person.STREAM_PREFIX: _people,
}


def found(text: str) -> Collection[str]:
    """The streams behind a reference or code; otherwise of all cases, panels and people whose name has this part.

    A reference may be followed by the name, as lists show both.
    """
    if text.partition(":")[0] in _LOOKS:
        return {text}
    ref, _, rest = text.partition(" ")
    return _exact(text) or (_exact(ref.removesuffix(",")) if rest else set()) or {*_titled(text), *people(text)}


def _exact(text: str) -> set[str]:
    """The streams of what has this reference or code."""
    cases = Application.objects.filter(Q(ref__iexact=text) | Q(ccg__code__iexact=text))
    return set(cases.values_list("stream", flat=True)) or _panel(text)


def _titled(text: str) -> set[str]:
    """The streams of the cases of organisations, and of the panels, whose name has this part."""
    cases = Application.objects.filter(ccg__name__icontains=text).values_list("stream", flat=True)
    return {*cases, *Panel.objects.filter(title__icontains=text).values_list("stream", flat=True)}


def _panel(ref: str) -> set[str]:
    try:
        key = Panel.pk_of(ref.upper())
    except ValueError:
        return set()
    return set(Panel.objects.filter(pk=key).values_list("stream", flat=True)) if key <= LARGEST_KEY else set()


def people(text: str) -> Collection[str]:
    """The streams of everybody whose name has this part."""
    if text.startswith(f"{Person.STREAM_PREFIX}:"):
        return {text}
    words = Q()
    for word in text.split():
        words &= Q(full_name__icontains=word) | Q(title__iexact=word.removesuffix("."))
    return set(Person.objects.filter(words).values_list("stream", flat=True)) if words else set()


def offices() -> Choices:
    """What somebody may be appointed as."""
    return PostKind.choices


def holders(office: str) -> Iterable[str]:
    """Everybody who holds, or held, an office."""
    return Post.objects.filter(kind=office).values_list("person__stream", flat=True).distinct()


def document(sha256: str) -> str | None:
    """The entry that the code of a letter with these bytes proves: its decision."""
    letter = Letter.objects.filter(sha256=sha256).defer("pdf").select_related("decision__event").first()
    return bytes(letter.decision.event.leaf_hash).hex() if letter else None
