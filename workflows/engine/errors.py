from audit.errors import Refused


class NotNow(Refused):
    """The step is not open for this case: somebody was faster, a deadline fired, or it never stood there."""
