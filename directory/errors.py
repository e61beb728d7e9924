"""What the directory refuses. Every message names the thing and the cure."""

from audit.errors import Refused


class BadPerson(Refused):
    """A person's details cannot be recorded."""


class BadOrganisation(Refused):
    """An organisation's details cannot be recorded."""


class BadTie(Refused):
    """A tie between two organisations cannot be recorded."""


class BadPost(Refused):
    """A post cannot be recorded, or cannot be ended."""


class BadGrant(Refused):
    """A grant outside the allow-list, or one that no post justifies."""


class BadFile(Refused):
    """A file of organisations cannot be imported; the message lists its rows."""


class BadMessage(Refused):
    """A message cannot be written, or cannot be sent again."""
