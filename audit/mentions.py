"""Where a person is named besides the entries about them: what was typed at sign-in and into filters, what others read.

An address is one person's, wherever it stands. A name may be many people's, so it is looked for only where nothing was
written for a decision: in what was noted on the log's own stream, and in messages. A name of one word is looked for
nowhere but in filters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from audit.leaf import SYSTEM
from audit.models import Private


@dataclass(frozen=True)
class Known:
    """What a person is or was known as."""

    addresses: Collection[str] = ()
    names: Collection[str] = ()

    def in_text(self, text: str) -> bool:
        """Whether a text holds an address, or a name of several words."""
        return self._addressed(text) or any(_has(rf"(?<!\w){re.escape(each)}(?!\w)", text) for each in self.full)

    def in_typed(self, text: str) -> bool:
        """Whether a text typed to find something holds them, or is made of words of a name alone."""
        words = set(_words(text))
        return self.in_text(text) or (bool(words) and any(words <= set(_words(each)) for each in self.names))

    @property
    def sought(self) -> list[str]:
        """What is looked for in any text."""
        return [*self.addresses, *self.full]

    @property
    def full(self) -> list[str]:
        """The names of more than one word."""
        return [each for each in self.names if len(_words(each)) > 1]

    def bodies(self) -> Iterator[tuple[int, str]]:
        """The private bodies that hold them, as event and group."""
        if not (self.addresses or self.names):
            return
        rows = Private.objects.values_list("event_id", "grp", "event__stream", "body")
        for event, group, stream, body in rows.iterator(2000):
            text = bytes(body).decode(errors="replace")
            if self._addressed(text) or (stream == SYSTEM and any(map(self.in_typed, _texts(body)))):
                yield event, group

    def _addressed(self, text: str) -> bool:
        return any(_has(rf"(?<![\w.%+-]){re.escape(each)}(?![\w-]|\.\w)", text) for each in self.addresses)


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _texts(body: bytes | memoryview) -> Iterator[str]:
    """Every text a body holds, without the names of its parts."""
    left: list[Any] = [json.loads(bytes(body))]
    while left:
        part = left.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict | list):
            left += part.values() if isinstance(part, dict) else part
