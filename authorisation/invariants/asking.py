"""What every check does: ask the tables, and say what it found in sentences that name cases."""

from __future__ import annotations

from django.db import connection

MOST_SENTENCES = 50
CHUNK = 2000


def told(sentences: list[str]) -> list[str]:
    """The first sentences, and a count of the others."""
    more = len(sentences) - MOST_SENTENCES
    return [*sentences[:MOST_SENTENCES], f"... and {more} more."] if more > 0 else sentences


def ask(sentence: str, query: str) -> list[str]:
    """One sentence for each row of a query, filled with its columns in order."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return told([sentence.format(*row) for row in cursor.fetchall()])
