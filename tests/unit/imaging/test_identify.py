from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drawn import pictures
from zenoimg.imaging.identify import identify

HEADS = {
    "JPEG": [b"\xff\xd8\xff\xe0\0\x10JFIF\0"],
    "PNG": [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    "Apple CgBI PNG": [b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI"],
    "GIF": [b"GIF87a", b"GIF89a"],
    "WebP": [b"RIFF\x10\0\0\0WEBPVP8 "],
    "AVIF": [b"\0\0\0\x1cftypavif\0\0\0\0", b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", b"\0\0\0\x18ftypavis\0\0\0\0"],
    "HEIF": [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"],
    "TIFF": [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0"],
    "camera raw": [
        b"II*\0\x10\0\0\0CR\2\0",
        b"\0\0\0\x18ftypcrx \0\0\0\1",
        b"FUJIFILMCCD-RAW 0201",
        b"IIRS\x08\0\0\0",
        b"MMOR\0\0\0\x08",
        b"FOVb\0\0\2\0",
        b"\0MRM\0\1\0\0",
    ],
    "BMP": [b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"],
    "JPEG XL": [b"\xff\x0a\xfa\x7f", b"\0\0\0\x0cJXL \r\n\x87\n"],
    "JPEG 2000": [b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51\0\x2f"],
    "PSD": [b"8BPS\0\1"],
    "SVG": [b'<svg xmlns="http://www.w3.org/2000/svg">', b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg width="1">'],
    "EPS": [b"%!PS-Adobe-3.0 EPSF-3.0", b"\xc5\xd0\xd3\xc6\x1e\0\0\0"],
    "ICO": [b"\0\0\1\0\1\0\x10\x10"],
    "PDF": [b"%PDF-1.7\n"],
    "Netpbm": [b"P6\n3 2\n255\n"],
    "video": [b"\0\0\0\x18ftypisom\0\0\2\0isommp42"],
}


@pytest.mark.parametrize(("name", "head"), [(name, head) for name, heads in HEADS.items() for head in heads])
def test_a_format_is_recognised_by_its_first_bytes(name: str, head: bytes) -> None:
    identified = identify(head)
    assert identified is not None
    assert identified.format == name
    assert identified.supported == (name in {"JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"})


@pytest.mark.parametrize(
    "head", [b"", b"\xff\xd8", b"\x89PNG", b"hello, world", b"BMW is a maker of cars", b"PK\3\4", b"RIFF\0\0\0\0WAVE"]
)
def test_other_files_are_not_recognised(head: bytes) -> None:
    assert identify(head) is None


def test_uploads_get_the_media_type_of_their_content() -> None:
    jpeg = identify(pictures.jpeg(pictures.photo()))
    assert jpeg is not None
    assert (jpeg.content_type, jpeg.supported) == ("image/jpeg", True)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_recognised_or_not_without_an_error(head: bytes) -> None:
    identify(head)


def test_pillow_is_not_imported() -> None:
    program = "import sys, zenoimg.imaging.identify; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
