"""Addresses of the log. Who may, and what streams are called, the layers above say."""

from django.urls import URLPattern, path, register_converter

from audit.house import House
from audit.views import cosignatures, entries, events, overview, texts, verifying


class Sha256Converter:
    """A hash as 64 hexadecimal digits."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> bytes:
        """The hash itself."""
        return bytes.fromhex(value)

    def to_url(self, value: str) -> str:
        """Written as it is."""
        return value


register_converter(Sha256Converter, "sha256")


def urls(house: House) -> list[URLPattern]:
    """The addresses, wired to the house the log is kept in."""
    given = {"house": house}
    return [
        path("audit/", overview.overview, given, name="audit"),
        path("audit/recheck/", overview.recheck_now, given, name="audit-recheck"),
        path("audit/events/", events.events, given, name="audit-events"),
        path("audit/events.csv", events.export, given, name="audit-events-csv"),
        path("audit/entries/<sha256:hash>/", entries.entry, given, name="audit-entry"),
        path("audit/entries/<sha256:hash>/proof", entries.proof, given, name="audit-proof"),
        path("audit/cosignatures/", cosignatures.cosignatures, given, name="audit-cosignatures"),
        path("audit/verify/", verifying.verify, given, name="audit-verify"),
        path("audit/checkpoint", texts.checkpoint, name="audit-checkpoint"),
        path("audit/checkpoints/<int:size>", texts.checkpoint_at, name="audit-checkpoint-at"),
        path("audit/consistency", texts.consistency, name="audit-consistency"),
        path("audit/vkeys", texts.vkeys, name="audit-vkeys"),
        path("audit/verify_log.py", texts.verifier, name="audit-verifier"),
    ]
