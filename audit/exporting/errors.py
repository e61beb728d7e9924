"""What an export refuses."""

from audit.errors import Refused


class ExportRefused(Refused):
    """An export cannot be made as asked; nothing of it was left behind."""
