"""Who can sign in to the demonstration, and the pages its check fetches as each of them."""

from workflows.demonstration import CHECKED_PAGES, personas

__all__ = ["CHECKED_PAGES", "personas"]
