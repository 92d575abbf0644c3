"""Too little memory says nothing about a picture: it is never a refusal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, _avif, _webp

from tests.drawn import pictures
from zenoimg.imaging import Limits, Refused, watermark
from zenoimg.imaging import watermarking as watermarking_module

_UNDER_A_LIMIT = """
import resource, sys
from io import BytesIO
from PIL import Image
from zenoimg.imaging import EncoderSettings, Recipe, Refused, watermark

recipe = Recipe(encoder=EncoderSettings(jpeg_quality=80))  # so that JPEGs are decoded here, not by the helper process
data = sys.stdin.buffer.read()
small = BytesIO()
Image.new("RGB", (300, 200)).save(small, "JPEG", progressive=True)
watermark(small.getvalue(), recipe)  # everything is imported and the mark's font loaded before memory is short
with open("/proc/self/statm") as statm:
    taken = int(statm.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + int(sys.argv[1]) * 1_000_000,) * 2)
try:
    print("copied", len(watermark(data, recipe).data) > 0)
except Refused as refused:
    print("refused", refused)
except MemoryError:
    print("MemoryError")
"""


@pytest.fixture(scope="module")
def photo_24_megapixels() -> Image.Image:
    return pictures.photo((600, 400)).resize((6000, 4000))


def outcome(data: bytes, megabytes: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_A_LIMIT, str(megabytes)], input=data, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS is enforced on Linux")
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_a_sound_jpeg_under_a_small_limit_raises_memory_error(
    photo_24_megapixels: Image.Image, progressive: bool
) -> None:
    encoded = BytesIO()
    photo_24_megapixels.save(encoded, "JPEG", quality=80, progressive=progressive)
    # In 130 MB the pixels fit, but not the coefficients of a progressive JPEG: libjpeg reports it as broken.
    for megabytes in (10, 130) if progressive else (10, 60):
        assert outcome(encoded.getvalue(), megabytes) == "MemoryError"
    assert outcome(encoded.getvalue(), 700) == "copied True"


def _raising(*_: object, **__: object) -> None:
    raise MemoryError


DECODERS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    **dict.fromkeys(("JPEG", "PNG", "GIF", "TIFF", "BMP"), lambda patch: patch.setattr(Image, "_getdecoder", _raising)),
    "WEBP": lambda patch: patch.setattr(_webp, "WebPAnimDecoder", _raising),
    "AVIF": lambda patch: patch.setattr(_avif, "AvifDecoder", _raising),
}


@pytest.mark.parametrize("kind", DECODERS)
def test_memory_errors_of_decoders_are_raised_unchanged(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = BytesIO()
    options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    pictures.photo((120, 90)).save(encoded, kind, **options)
    watermark(encoded.getvalue())
    DECODERS[kind](monkeypatch)
    with pytest.raises(MemoryError):
        watermark(encoded.getvalue())


def _short_of(available: int) -> Callable[[int], bool]:
    return lambda length: length <= available


def test_a_decoder_error_is_a_verdict_only_if_there_was_enough_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("broken data stream")

    data = pictures.jpeg(pictures.photo((120, 90)))
    watermark(data)
    needed = 120 * 90 * 7 + 3 * len(data)
    monkeypatch.setattr(Image, "_getdecoder", broken)
    with pytest.raises(Refused, match="cannot be decoded as JPEG: broken data stream") as refused:
        watermark(data)
    assert refused.value.code == "corrupt"
    monkeypatch.setattr(watermarking_module, "can_allocate", _short_of(needed - 1))
    with pytest.raises(MemoryError, match=rf"{needed:,} bytes for it cannot be allocated"):
        watermark(data)
    # Beyond the limit it is refused before anything is allocated.
    with pytest.raises(Refused, match="of this kind need"):
        watermark(data, limits=Limits(max_memory=needed - 1))


def test_a_header_beyond_the_limits_is_refused_however_little_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermarking_module, "can_allocate", _short_of(0))
    with pytest.raises(Refused) as refused:
        watermark(pictures.jpeg(pictures.photo((120, 90))), limits=Limits(max_pixels=100))
    assert refused.value.code == "too-large"
