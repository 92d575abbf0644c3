"""The table of formats agrees with the packages that exist."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.ImageFile import ImageFile

from tests.drawn import avifs, bmps, gifs, heifs, pictures, tiffs
from tests.drawn.animations import webp_file, webp_image_data
from zenoimg.imaging import Refused, watermark
from zenoimg.imaging.formats import FORMATS, SUPPORTED
from zenoimg.imaging.identify import identify

PICTURE = pictures.photo((120, 90))
FILES = {
    "JPEG": pictures.jpeg(PICTURE),
    "PNG": pictures.png((120, 90), 0, 8, [7] * 120 * 90),
    "WebP": webp_file((120, 90), webp_image_data(PICTURE, lossless=True), flags=0),
    "GIF": gifs.gif((120, 90), [gifs.GifFrame(Image.new("P", (120, 90), 2))], [(90, 40, 10)] * 8),
    "TIFF": tiffs.tiff(tiffs.random_sheet((120, 90), 8, 1)),
    "BMP": bmps.bmp((120, 90), 24, bmps.random_values((120, 90), 1 << 24)),
    "AVIF": avifs.encoded(PICTURE),
    "HEIF": heifs.encoded(PICTURE) if heifs.IS_THERE else b"",
}
NAMES = [pytest.param(name, marks=[heifs.needs_heic] if name == "HEIF" else []) for name in SUPPORTED]


def test_this_module_covers_all_supported_formats() -> None:
    assert set(FILES) == set(SUPPORTED)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_has_the_format_and_media_type_of_the_table(name: str) -> None:
    copy = watermark(FILES[name])
    identified = identify(copy.data)
    assert identified is not None
    assert copy.format == identified.format == {"HEIF": "JPEG"}.get(name, name)
    assert copy.content_type == identified.content_type == FORMATS[copy.format].media_type


@pytest.mark.parametrize("name", NAMES)
def test_a_supported_format_is_opened_by_its_decoder(name: str) -> None:
    with FORMATS[name].open(BytesIO(FILES[name])) as picture:
        assert isinstance(picture, ImageFile)
        assert picture.size == (120, 90)


@pytest.mark.parametrize("name", [name for name in FORMATS if FORMATS[name].browsers == "direct"])
def test_formats_that_browsers_show_directly_have_a_form_without_metadata(name: str) -> None:
    bare = FORMATS[name].module("browser").without_metadata(FILES[name])
    identified = identify(bare)
    assert identified is not None
    assert identified.format == name


def test_no_two_formats_share_an_extension() -> None:
    extensions = [extension for known in FORMATS.values() for extension in known.extensions]
    assert len(extensions) == len(set(extensions))
    assert all(FORMATS[name].extensions for name in SUPPORTED)


def test_reading_the_table_imports_neither_pillow_nor_a_writer() -> None:
    program = (
        "import sys, zenoimg.imaging.formats; "
        "sys.exit(any(name == 'PIL' or name.endswith('.writer') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_documentation_of_formats_agrees_with_the_table() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
    for name in SUPPORTED:
        known = FORMATS[name]
        extensions = ", ".join(f"`{extension}`" for extension in known.extensions)
        assert f"| {name} | `{known.media_type}` | {extensions} | " in page
    others = [name for name in FORMATS if name not in SUPPORTED]
    assert ", ".join(others) in page.replace("\n", " ")


def test_the_smallest_picture_is_as_documented() -> None:
    for size in ((26, 26), (26, 7)):
        assert watermark(pictures.jpeg(pictures.photo(size))).width == 26
    for size in ((25, 25), (25, 40), (26, 6)):
        with pytest.raises(Refused, match="no room"):
            watermark(pictures.jpeg(pictures.photo(size)))
