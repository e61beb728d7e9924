"""What the secretariat does with a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from directory.actions.messages import send_again
from directory.forms.acting import ActingForm
from directory.permissions import check_may_send_again

if TYPE_CHECKING:
    from directory.models import Message, Person


class SendAgain(ActingForm):
    """Send a message that failed again."""

    button = "Send again"

    def __init__(self, *args: Any, message: Message, **options: Any) -> None:
        super().__init__(*args, **options)
        self.message = message

    def check(self, by: Person) -> None:
        """Secretariat only."""
        check_may_send_again(by)

    def act(self, by: Person) -> str:
        """Owe it again."""
        send_again(message=self.message, by=by)
        return "The message is on its way again."
