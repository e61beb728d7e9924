"""Time stamps (RFC 3161): an authority says that a head of this log existed at a moment.

It sees a hash and nothing else. With its stamp, a log that was rewritten and signed again is too young, even for a
reader who holds no earlier checkpoint.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from django.db import transaction
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit import clock
from audit.actions import record_system
from audit.errors import StampRefused
from audit.exporting.folder import write_whole
from audit.models import Attestation, AttestationKind, Checkpoint
from audit.witnessing import grown

SECONDS = 20
LARGEST_ANSWER = 65_536
# Less than a day, so that it does not come later from day to day.
PAUSE = timedelta(hours=23)

logger = logging.getLogger(__name__)


def stamp_if_due() -> bool:
    """Have the newest checkpoint stamped, once a day and only where it holds something new.

    May be called at any time. What fails is said in the log of the worker, and is due still.
    """
    newest = Checkpoint.objects.order_by("-tree_size").first()
    if not settings.AUDIT_TSA_URL or newest is None or not _is_due(newest):
        return False
    try:
        stamp(newest)
    except StampRefused as refused:
        logger.warning("%s", refused.message)
        return False
    return True


def _is_due(newest: Checkpoint) -> bool:
    roots = roots_or_none()
    rows = Attestation.objects.filter(kind=AttestationKind.TSA).select_related("checkpoint").order_by("-checkpoint")
    last = next((row for row in rows.iterator(20) if not stamp_fault(row, roots)), None)
    if last is None:
        return True
    return last.at < clock.real_now() - PAUSE and grown(last.checkpoint_id, newest.tree_size)


def stamp(checkpoint: Checkpoint) -> Attestation:
    """Have the checkpoint's note stamped, check the stamp and keep it: outside any transaction, it asks the network.

    One for each authority and checkpoint; one that is kept already is given back. Raises StampRefused, with nothing
    kept, when the authority does not answer, refuses, or gives a stamp that does not verify.
    """
    authority = _authority()
    roots = _certificates()
    rows = Attestation.objects.filter(checkpoint=checkpoint, kind=AttestationKind.TSA, who=authority)
    if kept := next((row for row in rows.order_by("pk") if not stamp_fault(row, roots)), None):
        return kept
    note = checkpoint.note.encode()
    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    stamped = _read(_answer(request.as_bytes()))
    _verify(stamped, VerifierBuilder.from_request(request), note, roots)
    return _keep(checkpoint, authority, stamped)


def save_stamps(folder: Path) -> int:
    """Write every stamp there is beside the checkpoint it is over, for `openssl ts -verify`; how many.

    A checkpoint without the cosignatures that came later: the authority stamped what the log itself signed.
    """
    rows = Attestation.objects.filter(kind=AttestationKind.TSA).select_related("checkpoint").order_by("pk")
    for row in rows:
        name = f"checkpoint-{row.checkpoint_id}"
        write_whole(folder / f"{name}.txt", row.checkpoint.note.encode(), private=False)
        write_whole(folder / f"{name}.{row.who}.tsr", bytes(row.blob), private=False)
    return len(rows)


def _authority() -> str:
    """The host that is asked, which is the name its stamps are kept under."""
    address = urlsplit(f"{settings.AUDIT_TSA_URL}")
    if address.scheme not in {"https", "http"} or not address.hostname:
        raise StampRefused("AUDIT_TSA_URL names no time-stamp authority: give an address such as https://tsa.example/.")
    return address.hostname


def _certificates() -> list[Certificate]:
    try:
        found = load_pem_x509_certificates(Path(settings.AUDIT_TSA_ROOTS).read_bytes())
    except (OSError, ValueError) as error:
        raise StampRefused(
            "AUDIT_TSA_ROOTS names no file of certificates (PEM): no stamp could be checked, so none is asked for."
        ) from error
    if not any(_is_root(each) for each in found):
        raise StampRefused("The file AUDIT_TSA_ROOTS holds no root certificate: add the authority's own.")
    return found


def _is_root(certificate: Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _answer(query: bytes) -> bytes:
    request = Request(  # noqa: S310 - the scheme is checked
        settings.AUDIT_TSA_URL, data=query, headers={"Content-Type": "application/timestamp-query"}
    )
    try:
        with urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - the scheme is checked
            answer: bytes = response.read(LARGEST_ANSWER + 1)
    except HTTPError as error:
        with error:
            raise StampRefused(
                f"The time-stamp authority did not answer ({error}). It is asked again later."
            ) from error
    except (OSError, HTTPException) as error:
        raise StampRefused(f"The time-stamp authority did not answer ({error}). It is asked again later.") from error
    if len(answer) > LARGEST_ANSWER:
        raise StampRefused("The time-stamp authority's answer is too long to be a stamp. Check AUDIT_TSA_URL.")
    return answer


def _read(answer: bytes) -> TimeStampResponse:
    try:
        stamped = decode_timestamp_response(answer)
    except ValueError as error:
        raise StampRefused(
            f"What the time-stamp authority answered is no stamp ({error}). Check AUDIT_TSA_URL."
        ) from error
    if stamped.status != 0:
        raise StampRefused(f"The time-stamp authority refused ({', '.join(stamped.status_string) or stamped.status}).")
    return stamped


def stamp_fault(row: Attestation, roots: Sequence[Certificate] | None) -> str:
    """Why a row is no stamp of its checkpoint by an authority we trust; nothing when it is one."""
    if not roots:
        return "AUDIT_TSA_ROOTS names no certificates to check it by"
    try:
        stamped = _read(bytes(row.blob))
        _verify(stamped, VerifierBuilder(), row.checkpoint.note.encode(), roots)
    except StampRefused as refused:
        return refused.message
    return "" if stamped.tst_info.gen_time == row.at else "it was stamped at another moment than the row says"


def roots_or_none() -> Sequence[Certificate] | None:
    """The certificates that stamps are checked by, where there are any."""
    try:
        return _certificates()
    except StampRefused:
        return None


def _verify(stamped: TimeStampResponse, builder: VerifierBuilder, note: bytes, roots: Sequence[Certificate]) -> None:
    """Raise StampRefused unless it is over our note, answers our question and comes from the authority we trust."""
    for each in roots:
        add = builder.add_root_certificate if _is_root(each) else builder.add_intermediate_certificate
        builder = add(each)
    try:
        builder.build().verify_message(stamped, note)
    except (VerificationError, ValueError) as error:
        raise StampRefused(f"The stamp does not verify and is not kept: {error}.") from error


def _keep(checkpoint: Checkpoint, authority: str, stamped: TimeStampResponse) -> Attestation:
    """Event and row. Two that asked at one moment have two stamps, which are both good."""
    place = {"checkpoint": checkpoint, "kind": AttestationKind.TSA, "who": authority}
    with transaction.atomic():
        record_system("checkpoint.stamped", by="system", public={"size": checkpoint.tree_size, "who": authority})
        return Attestation.objects.create(**place, blob=stamped.as_bytes(), at=stamped.tst_info.gen_time)
