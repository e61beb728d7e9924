import unicodedata

import pytest
import rfc8785
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import LARGEST_INTEGER, canonical
from audit.errors import NotCanonical

KEYS = st.from_regex(r"\A[a-z][a-z0-9_]*\Z")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | TEXT
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


def nfc(value):
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [nfc(item) for item in value]
    if isinstance(value, dict):
        return {key: nfc(item) for key, item in value.items()}
    return value


@given(DOCUMENTS)
def test_canonical_any_document_agrees_with_rfc8785(document):
    assert canonical(document) == rfc8785.dumps(nfc(document))


class Colour(models.TextChoices):
    RED = "red", "Red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ((1, 2), b"[1,2]"),
        (Colour.RED, b'"red"'),
        ({"colour": Colour.RED}, b'{"colour":"red"}'),
        ("Cafe\u0301", '"Caf\u00e9"'.encode()),
        ("\x00\x1f\x7f\n", b'"\\u0000\\u001f\x7f\\n"'),
        (LARGEST_INTEGER, b"9007199254740991"),
    ],
)
def test_canonical_value_has_one_spelling(value, expected):
    assert canonical(value) == expected


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1.0, "float 1.0 cannot be recorded"),
        (float("nan"), "float nan cannot be recorded"),
        (b"x", "bytes"),
        ({1, 2}, "set"),
        (2**53, "too large"),
        (-(2**53), "too large"),
        ("\ud800", "lone surrogate"),
        ("a" + "\u0301" * 31, "more than 30 accents on one letter"),
        ({"Key": 1}, "not ASCII snake_case"),
        ({"é": 1}, "not ASCII snake_case"),
        ({"02Q": 1}, "not ASCII snake_case"),
        ({"a\n": 1}, "not ASCII snake_case"),
        ({1: 1}, "not ASCII snake_case"),
        ({"deep": [{"down": 0.5}]}, "public.deep.down: float"),
    ],
)
def test_canonical_value_outside_the_profile_refused(value, sentence):
    with pytest.raises(NotCanonical, match=sentence) as refusal:
        canonical(value, "public")
    assert refusal.value.message == str(refusal.value)


def test_letter_may_carry_as_many_marks_as_a_verifier_reads():
    text = canonical("a" + "\u0316" * 30).decode()
    assert len(text) == 33
