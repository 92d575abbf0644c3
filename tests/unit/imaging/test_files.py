from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.drawn import pictures
from zenoimg.imaging import (
    EncoderSettings,
    Limits,
    Recipe,
    RecipeError,
    Refused,
    Rights,
    WatermarkSpec,
    watermark,
    watermark_file,
)
from zenoimg.imaging.__main__ import main

ROOT = Path(__file__).parents[3]
PHOTO = pictures.jpeg(pictures.photo((120, 90)))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    return path


@pytest.mark.parametrize("kind", [str, Path])
def test_the_copy_of_a_file_is_the_copy_of_its_content(photo: Path, kind: Any) -> None:
    done = watermark_file(kind(photo), kind(photo.parent / "copy.jpg"))
    assert done == watermark(PHOTO)
    assert (photo.parent / "copy.jpg").read_bytes() == done.data
    assert photo.read_bytes() == PHOTO
    assert {path.name for path in photo.parent.iterdir()} == {"photo.jpg", "copy.jpg"}


def test_an_existing_copy_is_replaced_unless_overwriting_is_forbidden(photo: Path) -> None:
    copy = photo.parent / "copy.jpg"
    copy.write_bytes(b"earlier")
    with pytest.raises(FileExistsError, match=r"copy\.jpg"):
        watermark_file(photo, copy, replace=False)
    assert copy.read_bytes() == b"earlier"
    assert watermark_file(photo, copy).data == copy.read_bytes()


@pytest.mark.parametrize("name", ["photo.jpg", "link.jpg", "hard.jpg"])
def test_the_original_is_never_replaced(photo: Path, name: str) -> None:
    (photo.parent / "link.jpg").symlink_to("photo.jpg")
    os.link(photo, photo.parent / "hard.jpg")
    with pytest.raises(ValueError, match="is the original itself"):
        watermark_file(photo, photo.parent / name)
    assert photo.read_bytes() == PHOTO


@pytest.mark.parametrize("name", ["copy.png", "copy.AVIF"])
def test_an_extension_of_another_format_is_refused(photo: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"has the extension of \w+, and the copy is a JPEG; name it copy\.jpg"):
        watermark_file(photo, photo.parent / name)
    assert not (photo.parent / name).exists()


@pytest.mark.parametrize("name", ["copy", "copy.JPEG", "copy.jpg.part", "copy.v2"])
def test_other_names_are_accepted(photo: Path, name: str) -> None:
    watermark_file(photo, photo.parent / name)
    assert (photo.parent / name).exists()


def test_nothing_is_written_for_a_refused_file(photo: Path) -> None:
    (photo.parent / "notes.txt").write_text("no picture")
    for source, limits in (("notes.txt", Limits()), ("photo.jpg", Limits(max_bytes=100))):
        with pytest.raises(Refused):
            watermark_file(photo.parent / source, photo.parent / "copy.jpg", limits=limits)
    assert not (photo.parent / "copy.jpg").exists()


def test_an_endless_device_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="at most 1,000 are accepted"):
        watermark_file("/dev/zero", tmp_path / "copy.jpg", limits=Limits(max_bytes=1_000))


def test_unusable_paths_are_reported_by_name(photo: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.jpg"):
        watermark_file(photo.parent / "missing.jpg", photo.parent / "copy.jpg")
    with pytest.raises(FileNotFoundError, match="no-such"):
        watermark_file(photo, photo.parent / "no-such" / "copy.jpg")
    with pytest.raises(IsADirectoryError, match="is a directory; name a file in it"):
        watermark_file(photo, photo.parent)


@pytest.mark.parametrize("value", [PHOTO, b"photo.jpg", None, 7])
def test_a_path_of_the_wrong_type_is_reported(photo: Path, value: Any) -> None:
    kind = type(value).__name__
    with pytest.raises(TypeError, match=rf"takes paths, as str or pathlib\.Path; source is {kind}; watermark"):
        watermark_file(value, photo.parent / "copy.jpg")
    with pytest.raises(TypeError, match=rf"target is {kind}"):
        watermark_file(photo, value)


def test_recipes_and_limits_of_the_wrong_type_are_reported(photo: Path) -> None:
    spec: Any = WatermarkSpec("© me")
    with pytest.raises(TypeError, match=r"takes a Recipe as recipe, not WatermarkSpec; .*Recipe\(spec\)"):
        watermark(PHOTO, spec)
    with pytest.raises(TypeError, match=r"watermark\(\) takes Limits as limits, not dict"):
        watermark(PHOTO, limits={"max_bytes": 7})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"watermark_file\(\) takes a Recipe as recipe, not Limits"):
        watermark_file(photo, photo.parent / "copy.jpg", Limits())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda wrong: Recipe(wrong), r"watermark: must be WatermarkSpec\(\.\.\.\), not Path"),
        (lambda wrong: Recipe(encoder=wrong), r"encoder: must be EncoderSettings"),
        (lambda wrong: Recipe(rights=wrong), r"rights: must be Rights"),
        (lambda wrong: WatermarkSpec(logo=wrong), r"logo: .* PNG file, not Path; read a file with Path\("),
        (lambda wrong: WatermarkSpec(font=wrong), r"font: .* not Path; read a file with Path\("),
        (lambda wrong: EncoderSettings(avif_speed=wrong), "avif_speed: "),
        (lambda wrong: Rights(creator=wrong), "creator: "),
    ],
)
def test_a_recipe_setting_of_the_wrong_type_is_reported_by_name(make: Any, message: str) -> None:
    class Path:
        """A type that no setting accepts."""

    with pytest.raises(RecipeError, match=message):
        make(Path())


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("100", TypeError, "max_pixels must be a whole number, not str"),
        (1e8, TypeError, "not float"),
        (True, TypeError, "not bool"),
        (0, ValueError, "max_pixels is 0; it must be at least 1"),
    ],
)
def test_a_limit_of_the_wrong_type_is_reported_by_name(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Limits(max_pixels=value)


def test_the_module_watermarks_a_file(photo: Path) -> None:
    command = [sys.executable, "-m", "zenoimg.imaging", str(photo), str(photo.parent / "copy.jpg")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (photo.parent / "copy.jpg").read_bytes() == watermark(PHOTO).data


def test_the_module_accepts_a_text_or_a_logo(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy, logo = photo.parent / "copy.jpg", photo.parent / "logo.png"
    pictures.photo((20, 20)).save(logo)
    assert main([str(photo), str(copy), "--text", "© me", "--position", "top"]) == 0
    assert copy.read_bytes() == watermark(PHOTO, Recipe(WatermarkSpec("© me", position="top"))).data
    assert main([str(photo), str(copy), "--logo", str(logo), "--force"]) == 0
    assert copy.read_bytes() == watermark(PHOTO, Recipe(WatermarkSpec(logo=logo.read_bytes()))).data
    assert capsys.readouterr().err == ""


def test_the_module_reports_what_it_cannot_do(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy, notes = photo.parent / "copy.jpg", photo.parent / "notes.txt"
    notes.write_text("no picture")
    copy.write_bytes(b"earlier")
    for arguments, message in (
        ((notes, "x.jpg"), "notes.txt: not-an-image: the file is not an image in a known format"),
        ((photo, copy), "copy.jpg already exists; replace it with --force"),
        ((photo, photo), "photo.jpg is the original itself"),
        ((photo.parent / "missing.jpg", copy), "No such file or directory"),
    ):
        assert main([str(argument) for argument in arguments]) == 1
        assert message in capsys.readouterr().err
    assert copy.read_bytes() == b"earlier"
    for option, message in (
        (("--position", "middle"), "argument --position: 'middle' is not one of"),
        (("--text", "שלום"), "argument --text: "),
        (("--logo", str(photo.parent / "missing.png")), "argument --logo: "),
        (("--logo", str(notes)), "argument --logo: "),
    ):
        with pytest.raises(SystemExit, match="2"):
            main([str(photo), "x.jpg", *option])
        assert message in capsys.readouterr().err


def test_the_module_prints_what_the_copy_could_not_keep(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo.write_bytes(PHOTO + bytes(100) + b"trailer of something")
    assert main([str(photo), str(photo.parent / "copy.jpg")]) == 0
    assert capsys.readouterr().err.startswith(f"{photo.parent / 'copy.jpg'}: ")
