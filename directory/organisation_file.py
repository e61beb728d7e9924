"""Files of organisations, read row by row whatever is in them.

Two layouts are known. The national register's `eccg` file has no header and 27 columns, of which the code (1), name
(2), postcode (10), open date (11) and close date (12, both YYYYMMDD) are taken; every row is a CCG, and says nothing of
a parent. Our own has a header with the seven columns of HEADER in any order and dates as YYYY-MM-DD; optional values
stay empty. Row numbers count as a spreadsheet does: the first line is row 1, blank rows count.
"""

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

from directory.errors import BadFile
from directory.models import OrganisationKind
from directory.policies import organisation_faults
from directory.rows import NewOrganisation
from directory.rules import tidy

HEADER = ("kind", "code", "name", "opened", "closed", "parent_code", "postcode")
ECCG_COLUMNS = 27
ECCG_POSITIONS = {"code": 0, "name": 1, "postcode": 9, "opened": 10, "closed": 11}

_ENCODINGS = ("utf-8-sig", "cp1252")
_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 16
_DATES = {
    True: (re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII), "YYYYMMDD"),
    False: (re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII), "YYYY-MM-DD"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose bytes and layout are known. `columns` is empty for the `eccg` layout."""

    path: Path
    sha256: str
    encoding: str
    columns: tuple[str, ...] = ()

    @property
    def is_eccg(self) -> bool:
        """Whether the rows are those of the national register."""
        return not self.columns


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: the organisation it describes, if it can be told, and all that is wrong with it."""

    number: int
    organisation: NewOrganisation | None
    faults: tuple[str, ...] = ()


def identify(path: Path) -> Source:
    """Read the whole file once, for its hash and encoding, and its first row for the layout.

    Raises BadFile, naming the cure, for a file that cannot be read or is in neither layout.
    """
    if not path.is_file():
        raise BadFile(f"{path} is not a file on this machine: give the path of a CSV file.")
    try:
        sha256, encoding = _fingerprint(path)
    except OSError as error:
        raise BadFile(f"{path} cannot be read ({error.strerror}): check who may read it.") from None
    bare = Source(path, sha256, encoding)
    first = next(_records(bare), None)
    if first is None:
        raise BadFile(f"{path.name} is empty: export it again.")
    number, cells, fault = first
    if fault:
        raise BadFile(f"{path.name}, row {number}: {fault}.")
    return Source(path, sha256, encoding, _layout(path, number, cells))


def read(source: Source) -> Iterator[Row]:
    """Every row that is not blank, without the header. A row that is not CSV at all is the last one."""
    records = _records(source)
    if not source.is_eccg:
        next(records, None)
    width = ECCG_COLUMNS if source.is_eccg else len(source.columns)
    for number, cells, fault in records:
        if fault:
            yield Row(number, None, (fault,))
        elif len(cells) != width:
            yield Row(number, None, (f"has {len(cells)} columns where {width} are expected",))
        else:
            yield _row(source, number, cells)


def _fingerprint(path: Path) -> tuple[str, str]:
    """The SHA-256 and the first encoding that fits every byte."""
    digest = hashlib.sha256()
    decoders = {name: codecs.getincrementaldecoder(name)() for name in _ENCODINGS}
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            digest.update(chunk)
            if b"\0" in chunk:
                raise BadFile(f"{path.name} holds zero bytes (UTF-16, or not text): save it as CSV in UTF-8.")
            for name in list(decoders):
                try:
                    decoders[name].decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    del decoders[name]
            if not decoders:
                raise BadFile(f"{path.name} is neither UTF-8 nor Windows-1252 text: save it as CSV in UTF-8.")
            if not chunk:
                return digest.hexdigest(), next(iter(decoders))


def _layout(path: Path, number: int, cells: Sequence[str]) -> tuple[str, ...]:
    """The columns of our own layout, or nothing for `eccg`."""
    names = tuple(cell.strip().lower() for cell in cells)
    if "code" in names or "kind" in names:
        if sorted(names) != sorted(HEADER):
            raise BadFile(f"{path.name}, row {number}: the header must name {', '.join(HEADER)}, each once.")
        return names
    if len(cells) == ECCG_COLUMNS:
        return ()
    raise BadFile(
        f"{path.name}, row {number}: {len(cells)} columns and no header. Give the national register's file of "
        f"{ECCG_COLUMNS} columns, or a comma-separated file with the header {','.join(HEADER)}."
    )


def _records(source: Source) -> Iterator[tuple[int, list[str], str]]:
    """Row number, cells, and a fault that ends the file: (7, ["ccg", "02Q", ...], "")."""
    with source.path.open(encoding=source.encoding, newline="") as file:
        reader = csv.reader(_lines(file), strict=True)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, [], f"is not readable as CSV ({error}); nothing after it was read"
                return
            if any(cell.strip() for cell in cells):
                yield number, cells, ""


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of the file; an endless one is refused before it fills the memory."""
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line of more than {_LONGEST_LINE} characters")
        yield line


def _row(source: Source, number: int, cells: Sequence[str]) -> Row:
    if source.is_eccg:
        values = {name: tidy(cells[place]) for name, place in ECCG_POSITIONS.items()}
        values |= {"kind": OrganisationKind.CCG.value, "parent_code": ""}
    else:
        values = {name: tidy(cell) for name, cell in zip(source.columns, cells, strict=True)}
    faults: list[str] = []
    organisation = NewOrganisation(
        kind=values["kind"],
        code=values["code"],
        name=values["name"],
        opened=_date(source, "opened", values["opened"], faults),
        closed=_date(source, "closed", values["closed"], faults),
        postcode=values["postcode"],
        parent_code=values["parent_code"],
    )
    return Row(number, organisation, (*faults, *organisation_faults(organisation)))


def _date(source: Source, label: str, text: str, faults: list[str]) -> date | None:
    if not text:
        return None
    pattern, shape = _DATES[source.is_eccg]
    if match := pattern.fullmatch(text):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            pass
    faults.append(f"{label} '{text[:20]}' is not a date in the form {shape}")
    return None
