"""A text somebody pasted or chose as a file. It is held in memory while it is looked at, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException, UnreadablePostError

MEGABYTE = 1024 * 1024
LARGEST = 5 * MEGABYTE
LARGEST_NOTE = 200_000
# Beyond this nothing is read at all, not even to be thrown away.
LARGEST_REQUEST = 4 * LARGEST
TOO_LARGE, OK, BAD = 413, 200, 400
_NOTHING = "Choose a file or paste its text."
_UNREADABLE = "What was sent could not be read to its end. Send it again."
_LONG_PASTE = "The pasted text is too long. Choose it as a file instead: a file may have 5 MB."
_BROKEN: tuple[type[Exception], ...] = (
    SuspiciousOperation,
    BadRequest,
    MultiPartParserError,
    UnreadablePostError,
    RawPostDataException,
    ValueError,
    LookupError,
)


@dataclass(frozen=True)
class Dropped:
    """What came: the text, or why there is none. pdf: the bytes of a letter instead of text."""

    text: str = ""
    pdf: bytes = b""
    fault: str = ""
    status: int = OK


class InMemory(FileUploadHandler):
    """Takes files of at most so many bytes, and never lets one touch a disk."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.parts: list[bytes] = []
        self.size = 0

    def new_file(self, *args: Any, **named: Any) -> None:
        """Begin."""
        super().new_file(*args, **named)
        self.parts, self.size = [], 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002  Django's signature
        """Keep what fits; count the rest, so that it can be said."""
        self.size += len(raw_data)
        if self.size <= LARGEST:
            self.parts.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        """The file, cut where it became too large."""
        return InMemoryUploadedFile(
            BytesIO(b"".join(self.parts)), self.field_name, self.file_name, self.content_type, file_size, self.charset
        )


def read_large(request: HttpRequest) -> Dropped:
    """What was dropped on a page that keeps nothing. The view must be exempt from what reads requests before it."""
    if _length(request) > LARGEST_REQUEST:
        return Dropped(fault="This is larger than 5 MB, which is the most that can be checked here.", status=TOO_LARGE)
    request.upload_handlers = [InMemory(request)]
    return _read(request, LARGEST)


def read_small(request: HttpRequest) -> Dropped:
    """What was brought to be kept: a note, which is short."""
    read = _read(request, LARGEST_NOTE)
    return replace(read, fault="This is a PDF file, not a signed note.", status=BAD) if read.pdf else read


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _read(request: HttpRequest, largest: int) -> Dropped:
    try:
        file, pasted = request.FILES.get("file"), request.POST.get("text", "")
    except _BROKEN as error:
        long = type(error).__name__ == "RequestDataTooBig"
        return Dropped(fault=_LONG_PASTE if long else _UNREADABLE, status=TOO_LARGE if long else BAD)
    if file is not None and file.size:
        return _file(file, largest)
    if len(pasted) > largest:
        return Dropped(fault=_LONG_PASTE, status=TOO_LARGE)
    # Browsers send lines their own way, and people lose the last one.
    text = pasted.replace("\r\n", "\n").strip()
    return Dropped(text=f"{text}\n") if text else Dropped(fault=_NOTHING, status=BAD)


def _file(file: UploadedFile[Any], largest: int) -> Dropped:
    if (file.size or 0) > largest:
        limit = f"{largest // MEGABYTE} MB" if largest >= MEGABYTE else f"{largest // 1000} kB"
        return Dropped(fault=f"This file is larger than {limit}, the most that is read here.", status=TOO_LARGE)
    content = file.read()
    if content.startswith(b"%PDF-"):
        return Dropped(pdf=content)
    try:
        return Dropped(text=content.decode())
    except UnicodeDecodeError:
        return Dropped(fault="This file is not text. Choose the file as it was made, not packed.", status=BAD)
