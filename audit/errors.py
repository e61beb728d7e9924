"""What the applications raise when they refuse something."""


class Refused(Exception):
    """The request is understood and not allowed; ``message`` says what and the cure.

    Every application's own exceptions descend from this one, so that pages answer all
    of them alike: with the sentence, and no trace of a failure.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotCanonical(Refused):
    """A value cannot be written in the one canonical form of JSON the log hashes."""


class LeafTooLarge(Refused):
    """An event's canonical bytes are longer than the log takes (60 kB)."""


class NotCurrent(Refused):
    """A row to be changed is no longer there, or no longer as it was read."""


class ProofRefused(Refused):
    """Hashes that do not prove what they are said to prove."""


class NoteRefused(Refused):
    """A signed text, a key or a proof file that cannot be read or trusted."""


class SignerRefused(Refused):
    """The signer does not sign this head, or cannot."""


class LogBroken(Refused):
    """The log's rows contradict each other; nothing is signed until somebody has looked.

    ``entry`` is the place of the first that is wrong, where there is one.
    """

    def __init__(self, message: str, *, entry: int | None = None) -> None:
        super().__init__(message)
        self.entry = entry


class NotYetSigned(Refused):
    """No checkpoint holds the event yet."""


class CosignatureRefused(Refused):
    """A witness's signature that is not kept: not hers, not over a head of this log, or not readable."""


class StampRefused(Refused):
    """A time-stamp authority gave no stamp, or none that verifies."""


class ErasureRefused(Refused):
    """An order to erase that is not one: no ground, no reference, or one person's alone."""
