"""A folder of an export is there whole, or nothing of it is."""

import os

import pytest

from audit.exporting.errors import ExportRefused
from audit.exporting.folder import check_free, filled, private_file, write_whole

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def names(folder):
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("exists", [False, True])
def test_folder_appears_with_everything_in_it(tmp_path, exists):
    folder = tmp_path / "out"
    if exists:
        folder.mkdir()
    with filled(folder) as writing:
        (writing / "a.txt").write_text("a")
        (writing / "sub").mkdir()
        (writing / "sub" / "b.txt").write_text("b")
        assert not folder.exists() or names(folder) == [writing.name]
    assert names(folder) == ["a.txt", "sub"]
    assert (folder / "sub" / "b.txt").read_text() == "b"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("exists", [False, True])
def test_failure_half_way_leaves_everything_as_it_was(tmp_path, exists):
    folder = tmp_path / "out"
    if exists:
        folder.mkdir()
    with pytest.raises(KeyError), filled(folder) as writing:
        (writing / "a.txt").write_text("a")
        raise KeyError
    assert names(tmp_path) == (["out"] if exists else [])
    assert not exists or names(folder) == []


def test_full_disk_is_said_in_a_sentence(tmp_path):
    sentence = "out cannot be written: No space left on device. Name a folder"
    with pytest.raises(ExportRefused, match=sentence), filled(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_folder_with_anything_in_it_is_refused_by_name(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(ExportRefused, match="is not empty: name a new folder"), filled(tmp_path):
        pass
    assert names(tmp_path) == ["kept.txt"]


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ExportRefused, match="out is a file: name a new folder"):
        check_free(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_folder_inside_one_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ExportRefused, match="There is no folder .*absent to make out in"):
        check_free(tmp_path / "absent" / "out")


@pytest.mark.skipif(ROOT, reason="Root may write anywhere. Cure: run the tests as another user.")
def test_folder_nobody_may_write_to_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ExportRefused, match="cannot be written: Permission denied"), filled(tmp_path / "out"):
            pass
    finally:
        tmp_path.chmod(0o700)
    assert names(tmp_path) == []


@pytest.mark.parametrize("old", [None, "old"])
def test_file_is_written_at_once_over_what_was(tmp_path, old):
    file = tmp_path / "case.json"
    if old:
        file.write_text(old)
    write_whole(file, b"new", private=False)
    assert file.read_text() == "new"
    assert names(tmp_path) == ["case.json"]


def test_file_that_cannot_be_put_in_place_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "case.json").mkdir()
    with pytest.raises(ExportRefused, match="case.json cannot be written: .*Name a file"):
        write_whole(tmp_path / "case.json", b"new", private=False)
    assert names(tmp_path) == ["case.json"]


def test_private_file_is_its_owners_alone(tmp_path):
    with private_file(tmp_path / "private.jsonl") as file:
        file.write(b"x")
    write_whole(tmp_path / "case.json", b"x", private=True)
    assert {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {
        "private.jsonl": 0o600,
        "case.json": 0o600,
    }
