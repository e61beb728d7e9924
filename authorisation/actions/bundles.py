"""Taking one case's record away, proofs and all. Who took it, and when, is recorded before it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.exporting import bundles
from audit.leaf import PRIVATE_GROUPS
from audit.reading import note_export
from authorisation.permissions import check_takes_bundle
from panels.models import Panel
from panels.permissions import audits, check_audits

if TYPE_CHECKING:
    from authorisation.models import Application
    from panels.permissions import Actor


def case_bundle(application: Application, *, by: Actor, private: bool = False) -> str:
    """The text of `case.bundle.json`: the case's own entries and, for auditors, those of the panels that took it.

    `private` opens names, reasons and interests, for auditors alone. Signs a head when the newest does not hold the
    case's last entry yet, so it is not called inside a transaction. Raises PermissionDenied, and NotYetSigned where
    nobody signs.
    """
    check_takes_bundle(by, application)
    if private:
        check_audits(by)
    streams = [application.stream, *(_panels(application) if audits(by) else ())]
    checkpoint = bundles.covering(streams)
    note_export(
        what="private" if private else "bundle",
        form="json",
        rows=len(streams),
        chosen={"ref": application.ref, "size": str(checkpoint.tree_size)},
        typed={},
        by=by,
    )
    disclose = PRIVATE_GROUPS if private else ()
    return bundles.bundle_for(streams, about=application.ref, checkpoint=checkpoint, disclose=disclose)


def _panels(application: Application) -> list[str]:
    """The streams of the panels that had the case on an agenda, in the order of the panels."""
    panels = Panel.objects.filter(items__case_ref=application.ref).order_by("pk").distinct()
    return list(panels.values_list("stream", flat=True))
