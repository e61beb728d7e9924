"""One spelling for each JSON document, so that its hash means something.

The profile: keys in ASCII snake_case; text in NFC without lone surrogates; whole numbers
below 2**53; booleans; null; lists; objects; no floats. On this profile the standard library
writes the same bytes as RFC 8785 (JCS), several times faster and with nothing to install,
which matters to an auditor who checks the log with one stand-alone file.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias
from unicodedata import combining, normalize

from audit.errors import NotCanonical

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

LARGEST_INTEGER = 2**53 - 1
MOST_MARKS = 30
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: object, where: str = "document") -> bytes:
    """Return the canonical bytes of ``value``, text normalised to NFC.

    ``where`` names the value in the message of ``NotCanonical``, raised when it lies
    outside the profile.
    """
    return _write(normalised(value, where)).encode()


def canonical_of_normalised(value: Json) -> bytes:
    """Return the canonical bytes of a value that ``normalised`` already returned."""
    return _write(value).encode()


def normalised(value: object, where: str = "document") -> Json:
    """Return a copy of ``value`` inside the profile, or raise ``NotCanonical``."""
    if isinstance(value, str):
        text = str.__str__(value)
        return text if text.isascii() else _text(text, where)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {_key(key, where): normalised(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [normalised(item, where) for item in value]
    if isinstance(value, int):
        return _whole(int(value), where)
    msg = (
        f"{where}: {type(value).__name__} {value!r} cannot be recorded. "
        "Give text, a whole number, true, false, null, a list or an object."
    )
    raise NotCanonical(msg)


def _text(value: str, where: str) -> str:
    if not _is_readable(value):
        msg = f"{where}: {value[:20]!a}... has more than {MOST_MARKS} accents on one letter. Type it again."
        raise NotCanonical(msg)
    text = normalize("NFC", value)
    try:
        text.encode()
    except UnicodeEncodeError:
        msg = f"{where}: {value!a} holds half a character (a lone surrogate). Type it again."
        raise NotCanonical(msg) from None
    return text


def _is_readable(text: str) -> bool:
    """Whether no letter has more marks than people write (Unicode's stream-safe text).

    Normalising more takes time that grows with their square, and a verifier would be asked to do it.
    """
    run = 0
    for letter in text:
        run = run + 1 if combining(letter) else 0
        if run > MOST_MARKS:
            return False
    return True


def _whole(value: int, where: str) -> int:
    if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return value
    msg = f"{where}: {value} is too large for JSON numbers. Give it as text."
    raise NotCanonical(msg)


def _key(key: object, where: str) -> str:
    if isinstance(key, str) and _is_snake_case(key):
        return str.__str__(key)
    msg = (
        f"{where}: the key {key!r} is not ASCII snake_case. "
        "Rename it, or record a list of objects instead of an object with free keys."
    )
    raise NotCanonical(msg)


@lru_cache(maxsize=4096)
def _is_snake_case(key: str) -> bool:
    return _KEY.match(key) is not None
