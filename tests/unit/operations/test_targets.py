"""Keys are untrusted: which of them become a path under the output folder, and which never do."""

from __future__ import annotations

import os
import posixpath
import unicodedata
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenoimg.operations.output.targets import Kind, Look, Target, Unplaced, fold, place, unsafe

Tree = Mapping[str, Kind]


def looking_at(tree: Tree) -> Look:
    """Return a view of a folder with these paths."""

    def look(folders: tuple[str, ...]) -> dict[str, Kind]:
        below = "/".join(folders)
        return {posixpath.basename(path): kind for path, kind in tree.items() if posixpath.dirname(path) == below}

    return look


def outcome(*keys: str, there: Tree | None = None, force: bool = False) -> dict[str, str]:
    """Return the path of each key, or the reason in parentheses."""
    placed = place(keys, looking_at(there or {}), force=force)
    return {item.key: item.path if isinstance(item, Target) else f"({item.reason})" for item in placed}


@pytest.mark.parametrize(
    "key",
    [
        "photo.jpg",
        "a/b/c.jpg",
        "b c+ü & 50%/📷 (1).jpg",
        "2025-06-12T15:25.jpg",
        ".hidden",
        "..photo.jpg",
        "a..b/..c",
        "CONSOLE.jpg",
        "a/com10.jpg",
        "👨‍👩‍👧.jpg",
        "~/x.jpg",
        "-rf",
        "x" * 255,
        "/".join(["deep"] * 100),
    ],
)
def test_a_key_is_its_own_path(key: str) -> None:
    assert outcome(key) == {key: key}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "//server/share",
        "..",
        "../x.jpg",
        "a/../../x.jpg",
        "a/..",
        "./x.jpg",
        "a/./x.jpg",
        "a//x.jpg",
        "a/",
        "... /x.jpg",
        ". ./x.jpg",
        " /x.jpg",
        "C:x.jpg",
        "c:/x.jpg",
        "..\\x.jpg",
        "a\\b.jpg",
        "NUL",
        "nul.jpg",
        "a/Com1.tar.gz",
        "LPT².jpg",
        "CON /x.jpg",
        "conin$",
        "a\0b.jpg",
        "a\nb.jpg",
        "a\x1b[2Jb.jpg",
        "a\x7f.jpg",
        "a\x85.jpg",
        "a\u2028b.jpg",
        "\udce9.jpg",
        "\u202egpj.exe",
        "x" * 256,
        "ü" * 128,
    ],
)
def test_keys_that_could_lead_outside_the_folder_are_rejected(key: str) -> None:
    assert unsafe(key)
    assert outcome(key)[key].startswith("(its id" if "is a device" not in unsafe(key) else "('")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.jpg", "A.JPG"),
        ("ü.jpg", "u\u0308.jpg"),
        ("Ü.jpg", "u\u0308.jpg"),
        ("straße.jpg", "STRASSE.JPG"),
        ("a.jpg", "a.jpg."),
        ("a.jpg", "a.jpg  "),
        ("Sub/a.jpg", "sub/a.jpg"),
        ("ſ.jpg", "S.jpg"),
    ],
)
def test_the_first_of_two_keys_for_one_file_gets_it(first: str, second: str) -> None:
    for one, other in ((first, second), (second, first)):
        found = outcome(one, other)
        assert found[one] == one
        assert repr(one) in found[other]


def test_a_key_that_is_both_a_file_and_a_folder_is_rejected() -> None:
    assert outcome("a", "a/b.jpg")["a/b.jpg"] == "('a' is a file where this needs a folder)"
    assert outcome("a/b.jpg", "A")["A"] == "('a/b.jpg' needs a folder of this name)"
    assert outcome("a/b/c.jpg", "a/B")["a/B"].startswith("('a/b/c.jpg' needs")


def test_keys_in_two_spellings_of_a_folder_do_not_exclude_each_other() -> None:
    assert outcome("Sub/a.jpg", "sub/b.jpg") == {"Sub/a.jpg": "Sub/a.jpg", "sub/b.jpg": "sub/b.jpg"}


def test_a_duplicate_key_is_placed_once() -> None:
    assert len(list(place(["a", "a"], looking_at({}), force=False))) == 1


def test_a_rejected_key_takes_no_other_keys_path() -> None:
    found = outcome("a.jpg", "a.jpg/x.jpg", "A.jpg/x.jpg/y.jpg", there={})
    assert found["a.jpg"] == "a.jpg"
    assert outcome("../a.jpg", "a.jpg")["a.jpg"] == "a.jpg"


# Existing files


def test_existing_files_with_the_same_path_are_compared_by_content() -> None:
    assert outcome("a.jpg", there={"a.jpg": "file"}) == {"a.jpg": "a.jpg"}
    assert outcome("a.jpg", there={"a.jpg": "link"}) == {"a.jpg": "a.jpg"}


@pytest.mark.parametrize("there", ["A.JPG", "a.jpg.", "Ａ.jpg".replace("Ａ", "A")])
def test_a_file_that_differs_only_in_case_blocks_the_key_without_force(there: str) -> None:
    (found,) = place(["a.jpg"], looking_at({there: "file"}), force=False)
    assert isinstance(found, Unplaced)
    assert found.in_the_way
    assert there in found.reason
    assert outcome("a.jpg", there={there: "file"}, force=True) == {"a.jpg": "a.jpg"}


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_is_never_replaced_and_a_link_never_followed(force: bool) -> None:
    assert outcome("a", there={"a": "folder"}, force=force)["a"] == "(a is a folder)"
    assert outcome("a/b", there={"a": "file"}, force=force)["a/b"].startswith("(a is a file")
    tree: Tree = {"a": "folder", "a/b": "link"}
    assert outcome("a/b/c", there=tree, force=force)["a/b/c"].startswith("(a/b is a symbolic link")
    assert outcome("a/c", there=tree, force=force) == {"a/c": "a/c"}


# Arbitrary keys

awkward = st.text(
    st.one_of(st.sampled_from("aAbB./\\: ~.\u0308üÜß\0\n"), st.characters()),
    max_size=12,
)


@pytest.mark.slow
@given(st.lists(st.one_of(awkward, st.text(max_size=30)), max_size=12), st.booleans())
def test_no_path_leaves_the_folder_and_no_two_paths_collide(keys: list[str], force: bool) -> None:
    placed = list(place(keys, looking_at({}), force=force))
    assert [item.key for item in placed] == list(dict.fromkeys(keys))
    targets = [item for item in placed if isinstance(item, Target)]
    seen: set[tuple[str, ...]] = set()
    for target in targets:
        assert target.path == target.key
        assert posixpath.normpath(target.path) == target.path
        joined = os.path.normpath(os.path.join("/below", target.path))  # noqa: PTH118
        assert joined.startswith("/below/")
        parts = tuple(fold(part) for part in target.path.split("/"))
        assert all(parts)
        assert parts not in seen
        seen.add(parts)
    for parts in seen:
        assert not any(parts[:depth] in seen for depth in range(1, len(parts)))


@given(awkward)
def test_names_that_are_equal_in_unicode_fold_to_the_same(name: str) -> None:
    for form in ("NFC", "NFD"):
        assert fold(unicodedata.normalize(form, name)) == fold(name)
    assert fold(fold(name)) == fold(name)
