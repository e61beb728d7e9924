"""What is written as tiles is what the specification asks for, at every size where a tile begins or fills."""

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.exporting.tiles import Tiles, numbered
from tests.audit.exports.reader import files_of, mth, path_of, read


def entry(number):
    return f'{{"n":{number}}}'.encode()


def write(folder, entries):
    tiles = Tiles(folder)
    for each in entries:
        tiles.add(each)
    root = b64encode(mth([sha256(b"\x00" + each).digest() for each in entries])).decode()
    tiles.close(f"example.org/log\n{len(entries)}\n{root}\n\nno signature\n")


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_536, 65_537])
def test_log_read_back_from_its_tiles_has_its_entries_and_its_root(tmp_path, size):
    entries = [entry(number) for number in range(size)]
    write(tmp_path, entries)
    assert read(tmp_path) == entries


def test_example_of_the_specification_has_the_files_it_names():
    files = files_of(70_000)
    assert sum(path.startswith("tile/0/") and ".p/" not in path for path in files) == 273
    assert {path: wide for path, wide in files.items() if ".p/" in path} == {
        "tile/0/273.p/112": 112,
        "tile/entries/273.p/112": 112,
        "tile/1/001.p/17": 17,
        "tile/2/000.p/1": 1,
    }
    assert "tile/1/000" in files


def test_number_of_a_tile_is_written_as_the_specification_says():
    assert [numbered(0), numbered(999), numbered(1000), numbered(1234067)] == [
        "000",
        "999",
        "x001/000",
        "x001/x234/067",
    ]


@given(st.integers(0, 10**12))
def test_number_of_a_tile_is_written_alike_by_writer_and_reader(number):
    assert numbered(number) == path_of(number)


@pytest.mark.parametrize("length", [0, 1, 255, 256, 60_000, 65_535])
def test_entry_of_any_length_the_log_takes_comes_back(tmp_path, length):
    write(tmp_path, [b"x" * length, b"after"])
    assert read(tmp_path) == [b"x" * length, b"after"]


@pytest.mark.parametrize("path", ["tile/0/000.p/3", "tile/entries/000.p/3"])
def test_reader_of_these_tests_sees_a_changed_byte(tmp_path, path):
    write(tmp_path, [entry(number) for number in range(3)])
    content = bytearray((tmp_path / path).read_bytes())
    content[-1] ^= 1
    (tmp_path / path).write_bytes(content)
    with pytest.raises(AssertionError):
        read(tmp_path)
