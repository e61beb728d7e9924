"""Which database a command looks at: said by each command that checks one, for on one machine there may be several."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

HOW_TO_CHOOSE = (
    "It looks at the database that DATABASE_URL names. On a machine with no settings that is a file in var/: "
    "LOCAL_DATABASE=demo is the demonstration's, LOCAL_DATABASE=replay the one that manage.py replay made; set it in "
    "the environment."
)


def name() -> str:
    """The file or the database, as its people know it."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return Path(str(settings["NAME"])).name
    return f"{settings['NAME']} on {settings['HOST'] or 'this machine'}"
