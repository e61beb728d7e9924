"""Which key signs sessions here, and the refusal to use the demonstration's key in production."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

DEMONSTRATION_PREFIX = "demonstration-"
USUAL_BROKER = "redis://127.0.0.1:6379/0"


def local_key(directory: Path) -> str:
    """Give this machine's own key, made at first use and readable by its owner only.

    It starts with a mark, so that `refuse_demonstration_key` knows it wherever it is copied to.
    """
    path = directory / "secret_key"
    directory.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(DEMONSTRATION_PREFIX + secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii")


def refuse_demonstration_key(key: str) -> None:
    """Raise `ImproperlyConfigured` when a key made for the demonstration is about to serve a real deployment."""
    if key.startswith(DEMONSTRATION_PREFIX):
        message = (
            "SECRET_KEY was made for the demonstration or is missing. Set SECRET_KEY to a long random text of your own "
            "(or DEMONSTRATION=1 to run the demonstration)."
        )
        raise ImproperlyConfigured(message)


def site_of(hosts: Sequence[str]) -> str:
    """Give the address mail links to: the first name this site answers to, over https; without one, this machine."""
    names = [host.lstrip(".") for host in hosts if host.strip("*.")]
    return f"https://{names[0]}" if names else "http://localhost:8000"


def broker_here(file: Path, *, deployed: bool) -> str:
    """Give the broker's address where no setting does: that of the demonstration that runs here, else the usual one."""
    try:
        return USUAL_BROKER if deployed else file.read_text(encoding="ascii")
    except FileNotFoundError:
        return USUAL_BROKER
