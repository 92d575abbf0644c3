"""Files are written completely or not at all, and never outside their directory, whatever happens in the meantime."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from zenoimg.imaging.whole_file import write_file
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.operations.output.targets import Target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when needed"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    path.mkdir()
    return path


def target(path: str) -> Target:
    *folders, name = path.split("/")
    return Target(path, tuple(folders), name)


def write(folder: Path, path: str, data: bytes = b"new", *, replace: bool = False) -> None:
    with OutputDirectory(folder).writing(target(path), replace=replace) as file:
        file.write(data)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_file_and_its_folders_are_created(folder: Path) -> None:
    write(folder, "a/b/c.jpg")
    write(folder, "a/d.jpg", b"other")
    assert files(folder) == {"a/b/c.jpg": b"new", "a/d.jpg": b"other"}


def test_a_file_appears_only_when_complete(folder: Path) -> None:
    with OutputDirectory(folder).writing(target("a.jpg"), replace=False) as file:
        file.write(b"half")
        assert not (folder / "a.jpg").exists()
    assert files(folder) == {"a.jpg": b"half"}


def test_a_failure_leaves_nothing_new_and_existing_files_unchanged(folder: Path) -> None:
    write(folder, "a.jpg", b"old")

    def interrupted() -> None:
        with OutputDirectory(folder).writing(target("a.jpg"), replace=True) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert files(folder) == {"a.jpg": b"old"}


def test_a_file_that_appeared_in_the_meantime_is_replaced_only_on_request(folder: Path) -> None:
    def overtaken() -> None:
        with OutputDirectory(folder).writing(target("a.jpg"), replace=False) as file:
            file.write(b"new")
            (folder / "a.jpg").write_bytes(b"of somebody else")

    with pytest.raises(FileExistsError):
        overtaken()
    assert files(folder) == {"a.jpg": b"of somebody else"}
    write(folder, "a.jpg", replace=True)
    assert files(folder) == {"a.jpg": b"new"}


@pytest.mark.parametrize("there", [True, False])
def test_a_file_system_without_hard_links_is_supported(
    there: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    if there:
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(b"old")
        with pytest.raises(FileExistsError):
            write(folder, "a.jpg")
    else:
        write(folder, "a.jpg")
    assert files(folder) == {"a.jpg": b"old" if there else b"new"}


def test_a_single_file_can_be_private_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one", replace=False, mode=0o600)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "a", b"two", replace=False)
    write_file(tmp_path / "a", b"three", replace=True)
    assert files(tmp_path) == {"a": b"three"}


def test_a_link_to_elsewhere_is_not_followed(folder: Path, outside: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "sub").symlink_to(outside)
    with pytest.raises(OSError, match="sub"):
        write(folder, "sub/a.jpg", replace=True)
    assert files(outside) == {}


def test_a_link_that_appears_during_writing_does_not_redirect_the_file(folder: Path, outside: Path) -> None:
    directory = OutputDirectory(folder)
    with directory.writing(target("sub/a.jpg"), replace=True) as file:
        file.write(b"new")
        (folder / "sub").rename(folder / "moved")
        (folder / "sub").symlink_to(outside)
    assert files(outside) == {}
    assert files(folder / "moved") == {"a.jpg": b"new"}


def test_a_link_with_the_files_name_is_replaced_rather_than_followed(folder: Path, outside: Path) -> None:
    (outside / "victim").write_bytes(b"untouched")
    folder.mkdir(parents=True)
    (folder / "a.jpg").symlink_to(outside / "victim")
    with pytest.raises(FileExistsError):
        write(folder, "a.jpg")
    write(folder, "a.jpg", replace=True)
    assert (outside / "victim").read_bytes() == b"untouched"
    assert not (folder / "a.jpg").is_symlink()
    assert files(folder) == {"a.jpg": b"new"}


def test_the_folder_itself_may_be_a_link(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "link").symlink_to(outside)
    write(tmp_path / "link", "a.jpg")
    assert files(outside) == {"a.jpg": b"new"}


def test_files_folders_and_links_are_distinguished(folder: Path, outside: Path) -> None:
    assert OutputDirectory(folder).entries(()) == {}
    write(folder, "sub/a.jpg")
    (folder / "away").symlink_to(outside)
    assert OutputDirectory(folder).entries(()) == {"sub": "folder", "away": "link"}
    assert OutputDirectory(folder).entries(("sub",)) == {"a.jpg": "file"}
    assert OutputDirectory(folder).entries(("away",)) == {}
    assert OutputDirectory(folder).entries(("sub", "a.jpg")) == {}


def test_an_existing_file_can_be_read_but_not_through_a_link(folder: Path, outside: Path) -> None:
    directory = OutputDirectory(folder)
    with directory.existing(target("sub/a.jpg")) as file:
        assert file is None
    write(folder, "sub/a.jpg")
    with directory.existing(target("sub/a.jpg")) as file:
        assert file is not None
        assert file.read() == b"new"
    (outside / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(outside / "secret")
    with pytest.raises(OSError, match="link"), directory.existing(target("link")):
        pass
