from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tests.drawn import heifs, pictures
from tests.drawn.heifs import needs_heic
from zenoimg.cli.app import app
from zenoimg.imaging import Recipe, WatermarkSpec, watermark
from zenoimg.suggest import suggest_install

JPEG = pictures.jpeg(pictures.photo((200, 150)))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.jpg").write_bytes(JPEG)
    Path("b.jpg").write_bytes(pictures.jpeg(pictures.photo((160, 220), seed=4)))
    return tmp_path


def preview(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["preview", *arguments, "--workers", "1"])


def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "zenoimg", "preview", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **more)


def logo(size: int = 20) -> bytes:
    encoded = BytesIO()
    Image.new("RGB", (size, size), "red").save(encoded, "PNG")
    return encoded.getvalue()


def test_a_copy_is_saved_next_to_the_photo_and_equals_the_pipelines() -> None:
    result = preview("a.jpg")
    assert result.exit_code == 0, result.output
    assert Path("a.marked.jpg").read_bytes() == watermark(JPEG).data
    assert Path("a.jpg").read_bytes() == JPEG
    assert result.stdout == ""
    assert "a.jpg → a.marked.jpg" in result.stderr


def test_the_configured_recipe_is_used_and_options_override_it() -> None:
    Path("zenoimg.toml").write_text('[watermark]\ntext = "configured"\nposition = "top"\nopacity = 0.9\n')
    assert preview("a.jpg").exit_code == 0
    configured = WatermarkSpec(text="configured", position="top", opacity=0.9)
    assert Path("a.marked.jpg").read_bytes() == watermark(JPEG, Recipe(configured)).data
    assert preview("a.jpg", "-o", "b.marked.jpg", "--text", "given", "--angle", "-10").exit_code == 0
    given = WatermarkSpec(text="given", position="top", opacity=0.9, angle=-10)
    assert Path("b.marked.jpg").read_bytes() == watermark(JPEG, Recipe(given)).data


def test_a_logo_replaces_a_configured_text_and_a_text_a_configured_logo() -> None:
    Path("logo.png").write_bytes(logo())
    Path("zenoimg.toml").write_text('[watermark]\ntext = "configured"\ncolor = "red"\n')
    assert preview("a.jpg", "--logo", "logo.png", "--scale", "0.3").exit_code == 0
    expected = watermark(JPEG, Recipe(WatermarkSpec(logo=logo(), scale=0.3))).data
    assert Path("a.marked.jpg").read_bytes() == expected
    Path("zenoimg.toml").write_text('[watermark]\nlogo = "logo.png"\n')
    assert preview("a.jpg", "--force", "--text", "given").exit_code == 0
    assert Path("a.marked.jpg").read_bytes() == watermark(JPEG, Recipe(WatermarkSpec(text="given"))).data


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--position", "middle"), "--position: 'middle' is not one of top-left,"),
        (("--scale", "7"), "--scale: 7.0 is outside 0.005 to 1"),
        (("--color", "reddish"), "--color: 'reddish' is not a colour"),
        (("--logo", "none.png"), "--logo: none.png cannot be read: No such file or directory"),
        (("--logo", "a.jpg"), "--logo: must be a PNG file"),
        (("--font", "a.jpg"), "--font: is not a TrueType or OpenType font"),
        (("--text", "漢"), "--text: the default font, Manrope SemiBold, has no glyph for '漢' (U+6F22)"),
        (("--text", "x", "--logo", "logo.png"), "--text and --logo exclude each other"),
        (("--logo", "logo.png", "--color", "red"), "--color: belongs to a text, and a logo is given"),
        (("-o", "-", "--json"), "-o - and --json would both write to standard output"),
        (("b.jpg", "-o", "-"), "-o - writes one copy to standard output"),
    ],
)
def test_an_invalid_option_is_one_sentence_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    Path("logo.png").write_bytes(logo())
    result = preview("a.jpg", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", "")
    assert not Path("a.marked.jpg").exists()


def test_an_invalid_configuration_is_exit_code_3() -> None:
    Path("zenoimg.toml").write_text("[watermark]\nscale = 3\n")
    result = preview("a.jpg")
    assert result.exit_code == 3
    assert "zenoimg.toml:2: watermark.scale is 3; allowed is a number from 0.005 to 1" in result.stderr


def test_files_that_cannot_be_marked_are_reported_and_the_others_marked() -> None:
    Path("text.txt").write_text("hello")
    Path("cut.jpg").write_bytes(JPEG[:2000])
    result = preview("missing.jpg", "text.txt", "cut.jpg", ".", "a.jpg", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [(item["Path"], item["Result"], item["Code"]) for item in found] == [
        ("missing.jpg", "failed", "unreadable"),
        ("text.txt", "refused", "not-an-image"),
        ("cut.jpg", "refused", "corrupt"),
        (".", "failed", "unreadable"),
        ("a.jpg", "marked", ""),
    ]
    assert [item["Reason"] for item in found][:2] == ["does not exist", "the file is not an image in a known format"]
    assert "5 photos: 1 marked, 2 refused, 2 failed." in result.stderr
    assert sorted(path.name for path in Path().iterdir()) == [
        "a.jpg",
        "a.marked.jpg",
        "b.jpg",
        "cut.jpg",
        "text.txt",
    ]


def test_json_contains_format_sizes_dimensions_and_warnings() -> None:
    turned = pictures.jpeg(pictures.photo((200, 150)), [pictures.exif_segment(pictures.exif(6))]) + JPEG
    Path("two.jpg").write_bytes(turned)
    (found,) = json.loads(preview("two.jpg", "--json").stdout)
    assert found == {
        "Path": "two.jpg",
        "Output": "two.marked.jpg",
        "Result": "marked",
        "Code": "",
        "Reason": "",
        "Format": "JPEG",
        "OriginalSize": len(turned),
        "ProcessedSize": Path("two.marked.jpg").stat().st_size,
        "Width": 150,
        "Height": 200,
        "Frames": 1,
        "Rule": None,
        "Warnings": ["the first picture of the file (MPO) was kept, 1 more picture left out"],
    }


def test_the_configured_limits_apply() -> None:
    Path("zenoimg.toml").write_text("[limits]\nmax_pixels = 100\n")
    result = preview("a.jpg", "--json")
    assert json.loads(result.stdout)[0]["Code"] == "too-large"


def test_an_existing_file_is_replaced_only_with_force() -> None:
    Path("a.marked.jpg").write_bytes(b"mine")
    refused = preview("a.jpg")
    assert refused.exit_code == 1
    assert "a.marked.jpg already exists; --force replaces it" in refused.stderr
    assert Path("a.marked.jpg").read_bytes() == b"mine"
    assert preview("a.jpg", "--force").exit_code == 0
    assert Path("a.marked.jpg").read_bytes() == watermark(JPEG).data
    assert not [path for path in Path().iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("way", ["itself", "symbolic link", "hard link", "another of them"])
def test_a_photo_is_never_replaced(way: str) -> None:
    target = Path("out.jpg")
    match way:
        case "itself":
            target = Path("a.jpg")
        case "symbolic link":
            target.symlink_to("a.jpg")
        case "hard link":
            target.hardlink_to("a.jpg")
        case _:
            Path("a.marked.jpg").write_bytes(JPEG)
    arguments = ["a.jpg", "a.marked.jpg"] if way == "another of them" else ["a.jpg", "-o", str(target)]
    result = preview(*arguments, "--force")
    assert result.exit_code == 1
    assert "photos are never replaced" in result.stderr.replace("\n", "")
    assert Path("a.jpg").read_bytes() == JPEG
    assert way != "another of them" or Path("a.marked.jpg").read_bytes() == JPEG


@pytest.mark.parametrize("target", ["there", "new/er/", "new"])
def test_copies_can_be_saved_in_a_folder(target: str) -> None:
    Path("there").mkdir()
    assert preview("a.jpg", "-o", target).exit_code == 0
    assert Path(target, "a.marked.jpg").is_file()


def test_two_photos_of_the_same_name_do_not_collide_in_a_folder() -> None:
    Path("sub").mkdir()
    Path("sub/a.jpg").write_bytes(JPEG)
    result = preview("a.jpg", "sub/a.jpg", "-o", "out")
    assert result.exit_code == 2
    assert "the copies of a.jpg and sub/a.jpg would both be out/a.marked.jpg" in result.stderr.replace("\n", "")
    assert not Path("out").exists()


def test_a_folder_that_cannot_be_created_is_reported() -> None:
    result = preview("a.jpg", "b.jpg", "-o", "a.jpg")
    assert result.exit_code == 1
    assert "a.jpg/a.marked.jpg cannot be written" in result.stderr


def test_quiet_reports_only_errors() -> None:
    Path("text.txt").write_text("hello")
    result = preview("a.jpg", "text.txt", "--quiet")
    assert result.stderr == "refused  text.txt  the file is not an image in a known format\n"
    assert result.stdout == ""


def test_file_names_cannot_control_the_terminal() -> None:
    Path("\x1b[31mred.jpg").write_bytes(JPEG)
    assert "\x1b" not in preview("\x1b[31mred.jpg").stderr


def test_help_starts_with_an_example() -> None:
    result = preview("--help")
    assert result.exit_code == 0
    assert result.stdout.index("Example: zenoimg preview photo.jpg") < result.stdout.index("--output")


@needs_heic
def test_a_copy_of_another_format_gets_its_extension() -> None:
    Path("c.heic").write_bytes(heifs.encoded(pictures.photo((200, 150))))
    result = preview("c.heic")
    assert result.exit_code == 0, result.output
    assert Path("c.marked.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert "c.heic → c.marked.jpg" in result.stderr
    assert preview("c.heic").exit_code == 1, "it is not replaced"


def test_a_heic_without_the_extra_is_refused_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zenoimg.imaging.formats.heif.availability.is_installed", lambda: False)
    monkeypatch.setattr("zenoimg.imaging.formats.heif.writer.is_installed", lambda: False)
    Path("c.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    result = preview("c.heic")
    assert result.exit_code == 1
    assert suggest_install("heic") in " ".join(result.stderr.split())
