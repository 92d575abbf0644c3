"""The arrangement of a TIFF page's pixels in strips or tiles, and whether a mark can be drawn on them."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.tiff.file import TILE_OFFSETS, Directory, Page
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.placement import Box

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK, YCBCR = 0, 1, 2, 3, 4, 5, 6
"""Photometric interpretations."""

NONE, CCITT_RLE, GROUP_3, GROUP_4, LZW, JPEG, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 2, 3, 4, 5, 7, 8, 32946, 32773
"""Compressions."""

FAX = (CCITT_RLE, GROUP_3, GROUP_4)
ASSOCIATED, UNASSOCIATED = 1, 2
"""Kinds of alpha among the extra samples: premultiplied or not."""

COLOR_MODES = {WHITE_IS_ZERO: "L", BLACK_IS_ZERO: "L", RGB: "RGB", PALETTE: "P", CMYK: "CMYK", YCBCR: "YCbCr"}
"""The Pillow mode of the colours, for each supported interpretation."""

_COLORS = {"L": 1, "P": 1, "RGB": 3, "YCbCr": 3, "CMYK": 4}
_SUPPORTED = {NONE, *FAX, LZW, JPEG, DEFLATE, OLD_DEFLATE, PACKBITS}
_COMPRESSIONS = {
    6: "old-style JPEG",
    9: "JBIG",
    10: "JBIG",
    32766: "NeXT",
    32771: "word-aligned CCITT",
    32809: "ThunderScan",
    34661: "JBIG",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG of DNG",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
}
_PHOTOMETRICS = {
    8: "CIELab",
    9: "ICCLab",
    10: "ITULab",
    32803: "colour filter array (camera raw)",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear camera raw",
}
_SAMPLE_FORMATS = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex floating-point"}
_UNSIGNED = (1, 4)  # 4: undefined, which all readers treat as unsigned
_DEPTHS = (1, 2, 4, 8, 16)
_PREDICTORS = (1, 2)
_MOST_SAMPLES = 8
_MOST_BYTES_A_PIXEL = 6
"""Bytes per pixel up to which the limits allow their maximum number of pixels; with more, fewer pixels are allowed."""

_FILES = 3
"""Number of times the file is in memory: the source, its strips or tiles, and the copy."""


@dataclass(frozen=True)
class Layout:
    """The arrangement of a page's pixels; lengths are in pixels, ``depth`` is bits per sample.

    ``alpha`` is the kind of alpha in the first sample after the colours, 0 for none. A segment is a strip or a tile;
    there are ``across`` x ``down`` of them per plane.
    """

    width: int
    height: int
    depth: int
    samples: int
    photometric: int
    compression: int
    predictor: int
    planar: bool
    reversed_bits: bool
    alpha: int
    segment_width: int
    segment_height: int
    tiled: bool

    @property
    def mode(self) -> str:
        """The Pillow mode of the colours."""
        return COLOR_MODES[self.photometric]

    @property
    def colors(self) -> int:
        """Number of samples that are colours."""
        return _COLORS[self.mode]

    @property
    def segment_samples(self) -> int:
        """Number of samples per pixel in one segment."""
        return 1 if self.planar else self.samples

    @property
    def row_bytes(self) -> int:
        """Number of bytes in an uncompressed row of a segment."""
        return (self.segment_width * self.segment_samples * self.depth + 7) // 8

    @property
    def across(self) -> int:
        """Number of segments in a row."""
        return -(-self.width // self.segment_width)

    @property
    def down(self) -> int:
        """Number of segments in a column."""
        return -(-self.height // self.segment_height)

    @property
    def planes(self) -> int:
        """Number of planes, which are stored one after the other."""
        return self.samples if self.planar else 1

    def box(self, index: int) -> Box:
        """Return the box of a segment, numbered within its plane; tiles extend past the edges, strips do not."""
        left = index % self.across * self.segment_width
        top = index // self.across * self.segment_height
        bottom = top + self.segment_height
        return left, top, left + self.segment_width, bottom if self.tiled else min(bottom, self.height)


def layout_of(page: Page, limits: Limits, length: int) -> Layout:
    """Return a page's layout; ``length`` is the length of the file in bytes.

    Raises ``Refused`` for pages that are too large, damaged, or not supported, naming the reason.
    """
    tags = page.directory
    width, height = tags.number(256, 0), tags.number(257, 0)
    if not width or not height:
        raise Refused("corrupt", f"a TIFF page has a size of {width} x {height}")
    limits.check_picture(width, height)
    photometric = _photometric(tags)
    depth = _depth(tags)
    compression = tags.number(259, NONE)
    if compression not in _SUPPORTED:
        named = _COMPRESSIONS.get(compression, f"compression {compression}")
        raise _unsupported(f"TIFF compressed by {named}")
    tiled = TILE_OFFSETS in tags.entries
    layout = Layout(
        width=width,
        height=height,
        depth=depth,
        samples=tags.number(277, 1),
        photometric=photometric,
        compression=compression,
        predictor=1 if compression in (NONE, *FAX, JPEG, PACKBITS) else tags.number(317, 1),
        planar=tags.number(284, 1) == 2 and tags.number(277, 1) > 1,
        reversed_bits=tags.number(266, 1) == 2 and compression != JPEG,
        alpha=_alpha(tags, photometric),
        segment_width=tags.number(322, 0) if tiled else width,
        segment_height=tags.number(323, 0) if tiled else min(tags.number(278, height), height),
        tiled=tiled,
    )
    _check(layout, tags, page, limits)
    limits.check_memory(width, height, _bytes_a_pixel(layout), held=_FILES * length)
    return layout


def _bytes_a_pixel(layout: Layout) -> float:
    """Return the measured peak memory in bytes per pixel of a page, with a mark on all of its strips or tiles.

    It is three times the samples, plus the work space for one channel, which is larger with a predictor.
    """
    if layout.mode == "P":
        return 26  # if the palette has no colours for the mark, the page becomes RGB
    deep = layout.depth == 16
    channel = (14 if deep else 4) * (layout.predictor - 1) + (14 if deep else 6)
    return channel + 3 * layout.samples * max(1, layout.depth // 8)


def is_mask(tags: Directory) -> bool:
    """Return whether a page is the transparency mask of another one, which is not shown on its own."""
    return bool(tags.number(254, 0) & 4) or tags.number(262, 0) == MASK


def is_reduced(tags: Directory) -> bool:
    """Return whether a page is a reduced version of another page."""
    return bool(tags.number(254, 0) & 1) or tags.number(255, 1) == 2


def is_camera_raw(tags: Directory) -> bool:
    """Return whether a directory belongs to a camera's raw file: DNG, or one with a colour filter array."""
    return 50706 in tags.entries or tags.number(262, 0) in (32803, 34892)


def _photometric(tags: Directory) -> int:
    photometric = tags.number(262, WHITE_IS_ZERO)
    if photometric not in COLOR_MODES:
        raise _unsupported(f"{_PHOTOMETRICS.get(photometric, f'photometric interpretation {photometric}')} TIFF")
    if photometric == CMYK and tags.number(332, 1) != 1:
        raise _unsupported("TIFF of inks other than CMYK")
    return photometric


def _depth(tags: Directory) -> int:
    depths = set(tags.numbers(258, (1,)))
    if len(depths) != 1:
        raise _unsupported("TIFF whose samples differ in depth")
    (depth,) = depths
    for sample_format in tags.numbers(339, (1,)):
        if sample_format not in _UNSIGNED:
            kind = _SAMPLE_FORMATS.get(sample_format, f"format-{sample_format}")
            raise _unsupported(f"TIFF of {depth}-bit {kind} samples")
    if depth not in _DEPTHS:
        raise _unsupported(f"TIFF of {depth}-bit samples")
    return depth


def _alpha(tags: Directory, photometric: int) -> int:
    extra = tags.numbers(338)
    if not extra:
        # Without the tag, a fourth sample is alpha: Pillow and others read it that way.
        return UNASSOCIATED if photometric == RGB and tags.number(277, 1) == 4 else 0
    return extra[0] if extra[0] in (ASSOCIATED, UNASSOCIATED) else 0


def _check(layout: Layout, tags: Directory, page: Page, limits: Limits) -> None:
    if not layout.segment_width or not layout.segment_height:
        raise Refused("corrupt", "a TIFF page has tiles or strips without a size")
    limits.check_picture(layout.segment_width, layout.segment_height)
    pixels = max(layout.width * layout.height, layout.segment_width * layout.segment_height)
    if pixels * layout.samples * layout.depth > 8 * _MOST_BYTES_A_PIXEL * limits.max_pixels:
        raise Refused(
            "too-large",
            f"{layout.samples} samples of {layout.depth} bits for each of {layout.width} x {layout.height} pixels "
            f"are more than {_MOST_BYTES_A_PIXEL * limits.max_pixels / 1e6:.0f} MB",
        )
    if not layout.colors <= layout.samples <= _MOST_SAMPLES:
        raise _unsupported(f"{layout.mode} TIFF of {layout.samples} samples per pixel")
    if len(page.segments) < layout.across * layout.down * layout.planes:
        raise Refused("corrupt", f"the TIFF has {len(page.segments)} strips or tiles and needs more")
    if layout.depth < 8 and layout.samples > 1:
        raise _unsupported(f"{layout.mode} TIFF of {layout.depth}-bit samples")
    if layout.mode == "P" and (layout.depth == 16 or layout.samples > 1):
        raise _unsupported("palette TIFF of 16 bits or with extra samples")
    if layout.predictor not in _PREDICTORS or (layout.predictor == 2 and layout.depth < 8):
        raise _unsupported(f"TIFF with predictor {layout.predictor} at {layout.depth} bits")
    if layout.compression in FAX and (layout.depth, layout.samples) != (1, 1):
        raise Refused("corrupt", "the TIFF is compressed as a fax but is not black and white")
    if layout.compression == JPEG and (layout.depth != 8 or layout.mode == "P" or layout.samples != layout.colors):
        raise _unsupported("TIFF of JPEG with alpha, a palette or another depth than 8 bits")
    if layout.mode == "YCbCr" and layout.compression != JPEG and tags.numbers(530, (2, 2)) != (1, 1):
        raise _unsupported("TIFF of subsampled YCbCr without JPEG")


def _unsupported(what: str) -> Refused:
    return Refused("unsupported-format", f"{what} is not supported")
