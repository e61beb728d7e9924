"""A message as pages show it: its state in words, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from directory.models import DeliveryState, Message

COLOURS: Mapping[str, str] = {
    DeliveryState.OWED: "yellow",
    DeliveryState.SENDING: "yellow",
    DeliveryState.SENT: "green",
    DeliveryState.WITHHELD: "orange",
    DeliveryState.FAILED: "red",
    DeliveryState.KEPT: "grey",
}


@dataclass(frozen=True)
class Happened:
    """One line of a message's history."""

    at: datetime | None
    text: str


def history(message: Message) -> list[Happened]:
    """What became of a message, in the order of time; what is still to come stands last."""
    delivery = message.delivery
    lines = [Happened(message.written_at, "Written")]
    if delivery.state == DeliveryState.KEPT:
        return [*lines, Happened(None, delivery.reason)]
    if delivery.again_at:
        by = delivery.again_by.display_name if delivery.again_by else "the system"
        lines.append(Happened(delivery.again_at, f"Given up, and asked to be sent again by {by}"))
    return [*lines, *_end(message)]


def _end(message: Message) -> list[Happened]:
    delivery = message.delivery
    tries = "1 attempt" if delivery.attempts == 1 else f"{delivery.attempts} attempts"
    match delivery.state:
        case DeliveryState.SENT:
            return [Happened(delivery.sent_at, f"Sent, at the {_ORDINAL[delivery.attempts]} attempt")]
        case DeliveryState.WITHHELD:
            return [Happened(delivery.tried_at, f"Withheld: {delivery.reason}")]
        case DeliveryState.FAILED:
            return [Happened(delivery.tried_at, f"Given up after {tries}: {delivery.error}")]
        case DeliveryState.SENDING:
            return [Happened(delivery.tried_at, "Taken by a worker, which is sending it")]
    if not delivery.attempts:
        return [Happened(None, "Waits for a worker, which sends it in a moment")]
    return [
        Happened(delivery.tried_at, f"Failed, after {tries}: {delivery.error}"),
        Happened(delivery.due_at, "To be tried again"),
    ]


_ORDINAL = ("", "first", "second", "third", "fourth", "fifth")
