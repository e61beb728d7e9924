"""A folder, or a file, that is there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from audit.exporting.errors import ExportRefused


def check_free(folder: Path) -> None:
    """Raise ExportRefused unless the folder is absent or empty."""
    try:
        if not folder.exists():
            if not folder.parent.is_dir():
                raise ExportRefused(f"There is no folder {folder.parent} to make {folder.name} in: make it first.")
        elif not folder.is_dir():
            raise ExportRefused(f"{folder} is a file: name a new folder.")
        elif any(folder.iterdir()):
            raise ExportRefused(f"{folder} is not empty: name a new folder, so that no two exports are mixed.")
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes ``folder`` at the end; after a failure nothing is left.

    One that exists is filled from inside, so that a mounted disk or the shell's own folder stays what it is.
    """
    folder = folder.resolve()
    check_free(folder)
    exists = folder.exists()
    writing = (folder if exists else folder.parent) / f".{folder.name}-{token_hex(4)}"
    try:
        writing.mkdir()
        try:
            yield writing
            _put_in_place(writing, folder, exists=exists)
        finally:
            shutil.rmtree(writing, ignore_errors=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_whole(file: Path, content: bytes, *, private: bool) -> None:
    """Write a file, in place of one that may be there, at once; raises ExportRefused and leaves what was."""
    writing = file.parent / f".{file.name}-{token_hex(4)}"
    try:
        try:
            with private_file(writing) if private else writing.open("xb") as opened:
                opened.write(content)
            writing.replace(file)
        finally:
            writing.unlink(missing_ok=True)
    except OSError as error:
        raise ExportRefused(
            f"{file} cannot be written: {error.strerror or error}. Name a file in a folder that you can write to."
        ) from error


def private_file(path: Path) -> BinaryIO:
    """A new file that nobody else on this machine can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _put_in_place(writing: Path, folder: Path, *, exists: bool) -> None:
    if not exists:
        writing.rename(folder)
        return
    for each in writing.iterdir():
        each.rename(folder / each.name)


def _unwritable(folder: Path, error: OSError) -> ExportRefused:
    return ExportRefused(f"{folder} cannot be written: {error.strerror or error}. Name a folder that you can write to.")
