"""Who can sign in to the demonstration, and the pages its check fetches as each of them."""

from workflows.demonstration import CHECKED_PAGES, PERSONAS, Persona

__all__ = ["CHECKED_PAGES", "personas"]


def personas() -> list[Persona]:
    """List the people of the demonstration, in the order they are offered."""
    return list(PERSONAS)
