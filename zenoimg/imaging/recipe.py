"""Everything besides the picture that affects a copy's bytes: validated on creation, hashed into a fingerprint."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Literal, get_args

from zenoimg.imaging.errors import RecipeError
from zenoimg.imaging.metadata.policy import METADATA_POLICIES as METADATA_POLICIES
from zenoimg.imaging.metadata.policy import MetadataPolicy as MetadataPolicy
from zenoimg.imaging.metadata.policy import Rights

DRAWING_VERSION = 4
"""Incremented whenever the same recipe produces different bytes than before; part of every fingerprint."""

ENCODER_VERSION = 9
"""Incremented whenever the same drawn pixels are encoded to different bytes than before; part of every fingerprint."""

Position = Literal[
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right", "tile"
]

HdrPolicy = Literal["keep", "drop"]
HDR_POLICIES: tuple[HdrPolicy, ...] = get_args(HdrPolicy)

POSITIONS: tuple[Position, ...] = get_args(Position)

TooSmall = Literal["refuse", "copy"]
TOO_SMALL: tuple[TooSmall, ...] = get_args(TooSmall)

DEFAULT_TEXT = "© zeno"
MAX_TEXT_LENGTH = 200  # characters as drawn
_LATER = {"text_default": None, "too_small": "refuse"}
_READ = "read a file with Path(...).read_bytes()"


@dataclass(frozen=True)
class WatermarkSpec:
    """What the mark looks like and where it is drawn; lengths are relative to the picture's shorter side as displayed.

    ``text`` (one or more lines; ``© zeno`` when there is no logo) or ``logo`` (PNG bytes), never both.
    ``scale`` is the font size of the text or the width of the logo, ``margin`` the distance from the edges
    or, for ``tile``, between marks. ``opacity`` is at most 1, opaque. ``color`` and ``outline`` are ``#rrggbb``,
    ``#rgb`` or a CSS name, and ``outline`` may be ``none``. ``angle`` is in degrees, counter-clockwise.
    ``font`` is the bytes of a TrueType or OpenType font; a text without one gets the default font, whose bytes
    are then part of the fingerprint and of a deployed recipe. Characters that the font lacks are replaced by
    equivalent ones if there are any (a non-breaking space by a space), and letters with marks are composed (NFC).
    A text may contain ``{creator}``, ``{copyright}``, ``{year}`` and ``{key}`` of a picture (``{{`` is a brace); a
    picture without such a value, or with one that cannot be drawn or does not fit, gets ``text_default``, verbatim.
    ``too_small`` tells whether a picture too small for a legible mark is refused, or copied without one.

    Raises ``RecipeError`` for a value that is not allowed and for characters that the font cannot draw.
    """

    text: str | None = None
    logo: bytes | None = field(default=None, repr=False)
    position: Position = "bottom-right"
    scale: float = 0.06
    margin: float = 0.03
    opacity: float = 0.6
    color: str = "#ffffff"
    outline: str = "#000000"
    angle: float = 0.0
    font: bytes | None = field(default=None, repr=False)
    text_default: str | None = None
    too_small: TooSmall = "refuse"

    def __post_init__(self) -> None:
        if self.text is None and self.logo is None:
            self._normalize(text=DEFAULT_TEXT)
        _one_of("position", self.position, POSITIONS)
        _one_of("too_small", self.too_small, TOO_SMALL)
        self._normalize(
            scale=_number("scale", self.scale, 0.005, 1.0),
            margin=_number("margin", self.margin, 0.0, 0.4),
            opacity=_number("opacity", self.opacity, 0.01, 1.0),
            color=_color("color", self.color),
            outline=_outline(self.outline),
            angle=_number("angle", self.angle, -360.0, 360.0) % 360.0,
        )
        if self.logo is not None:
            self._check_logo(self.logo)
        else:
            self._check_text()

    def _normalize(self, **values: object) -> None:
        """Normalize equivalent values, so that they share one fingerprint and one drawn mark."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check_logo(self, logo: bytes) -> None:
        from zenoimg.imaging.marking.default_font import is_default_font
        from zenoimg.imaging.marking.logo import check_logo

        if self.font is not None and is_default_font(self.font):
            self._normalize(font=None)  # as passed on by `dataclasses.replace` of a text
        defaults = {setting.name: setting.default for setting in fields(self)}
        for name in ("text", "text_default", "color", "outline", "font"):
            if getattr(self, name) != defaults[name]:
                raise RecipeError(name, "belongs to a text, and a logo is given: leave one of them out")
        if not isinstance(logo, bytes):
            raise RecipeError("logo", f"must be the bytes of a PNG file, not {type(logo).__name__}; {_READ}")
        check_logo(logo)

    def _check_text(self) -> None:
        from zenoimg.imaging.marking.default_font import default_font
        from zenoimg.imaging.marking.template import fields_of, literal_of
        from zenoimg.imaging.marking.typeface import check_font

        if not isinstance(self.text, str) or not self.text.strip():
            raise RecipeError("text", "must hold at least one visible character")
        font = default_font() if self.font is None else self.font
        if not isinstance(font, bytes):
            raise RecipeError(
                "font", f"must be the bytes of a TrueType or OpenType file, not {type(font).__name__}; {_READ}"
            )
        check_font(font)
        text = _drawable("text", self.text, font, drawn=literal_of)
        named = fields_of(text)
        default = None
        if named and self.text_default is None:
            raise RecipeError("text_default", f"is needed for pictures that lack what text names: {{{min(named)}}}")
        if named and self.text_default is not None:
            if not isinstance(self.text_default, str) or not self.text_default.strip():
                raise RecipeError("text_default", "must hold at least one visible character")
            default = _drawable("text_default", self.text_default, font, drawn=str)
        self._normalize(text=text, font=font, text_default=default)

    @property
    def drawn_text(self) -> str:
        """The text as drawn, if it has no fields."""
        from zenoimg.imaging.marking.template import literal_of

        return literal_of(self.text or "")


@dataclass(frozen=True)
class EncoderSettings:
    """How copies are encoded if the source does not determine it.

    ``jpeg_quality`` is ``source`` (the source's own quantization tables) or libjpeg's 1 to 100.
    ``png_compression`` is zlib's level, 0 to 9. ``webp_quality`` is libwebp's quality for lossy WebP, 0 to 100, and
    ``webp_lossless_effort`` its effort for lossless WebP, 0 to 100: more effort, fewer bytes for the same pixels.
    ``heic_jpeg_quality`` is libjpeg's quality, 1 to 100, for the JPEGs made from HEIFs.
    ``avif_quality`` is ``source`` (near the source's own quantizers) or libavif's 0 to 100, and ``avif_speed`` is
    ``auto`` (by the picture's size) or libavif's speed, from 0 (slowest and smallest) to 10.
    """

    jpeg_quality: int | Literal["source"] = "source"
    png_compression: int = 6
    webp_quality: int = 90
    webp_lossless_effort: int = 25
    avif_quality: int | Literal["source"] = "source"
    avif_speed: int | Literal["auto"] = "auto"
    heic_jpeg_quality: int = 92

    def __post_init__(self) -> None:
        if self.jpeg_quality != "source":
            _whole_number("jpeg_quality", self.jpeg_quality, 1, 100, 'or "source"')
        _whole_number("png_compression", self.png_compression, 0, 9)
        _whole_number("webp_quality", self.webp_quality, 0, 100)
        _whole_number("webp_lossless_effort", self.webp_lossless_effort, 0, 100)
        if self.avif_quality != "source":
            _whole_number("avif_quality", self.avif_quality, 0, 100, 'or "source"')
        if self.avif_speed != "auto":
            _whole_number("avif_speed", self.avif_speed, 0, 10, 'or "auto"')
        _whole_number("heic_jpeg_quality", self.heic_jpeg_quality, 1, 100)


@dataclass(frozen=True)
class Recipe:
    """Everything that affects output bytes: the mark, the metadata in copies, how they are encoded.

    ``watermark`` is ``None`` for copies without a mark, with the source's own pixels if the format allows it.
    ``hdr`` tells whether an HDR gain map is kept or dropped.

    Raises ``RecipeError`` for a value that is not allowed.
    """

    watermark: WatermarkSpec | None = field(default_factory=WatermarkSpec)
    metadata: MetadataPolicy = "keep-no-location"
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    rights: Rights = field(default_factory=Rights)
    hdr: HdrPolicy = "keep"

    def __post_init__(self) -> None:
        if self.watermark is not None:
            _of_type("watermark", self.watermark, WatermarkSpec)
        _of_type("encoder", self.encoder, EncoderSettings)
        _of_type("rights", self.rights, Rights)
        _one_of("metadata", self.metadata, METADATA_POLICIES)
        _one_of("hdr", self.hdr, HDR_POLICIES)

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that change exactly with what affects output bytes."""
        described = {
            "drawing": DRAWING_VERSION,
            "encoding": ENCODER_VERSION,
            "watermark": None if self.watermark is None else _described(self.watermark),
            "metadata": self.metadata,
            "rights": _described(self.rights),
            "encoder": _described(self.encoder),
            "hdr": self.hdr,
        }
        canonical = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _described(settings: WatermarkSpec | EncoderSettings | Rights) -> dict[str, object]:
    values = {setting.name: getattr(settings, setting.name) for setting in fields(settings)}
    # Settings that were added later do not change older fingerprints while they have their defaults.
    values = {name: value for name, value in values.items() if name not in _LATER or value != _LATER[name]}
    return {
        name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value for name, value in values.items()
    }


def _of_type(name: str, value: object, expected: type) -> None:
    if not isinstance(value, expected):
        raise RecipeError(name, f"must be {expected.__name__}(...), not {type(value).__name__}")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise RecipeError(name, f"{value!r} is not one of {', '.join(allowed)}")


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RecipeError(name, f"{value!r} is not a number from {low:g} to {high:g}")
    if not low <= value <= high:
        raise RecipeError(name, f"{value!r} is outside {low:g} to {high:g}")
    return float(value) + 0.0  # -0.0 becomes 0.0


def _whole_number(name: str, value: object, low: int, high: int, otherwise: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        allowed = f"{low} to {high} {otherwise}".strip()
        raise RecipeError(name, f"{value!r} is not a whole number from {allowed}")


def _color(name: str, value: object) -> str:
    from PIL import ImageColor

    allowed = "is not a colour; allowed are #rrggbb, #rgb and CSS names such as white"
    if not isinstance(value, str):
        raise RecipeError(name, f"{value!r} {allowed}")
    try:
        rgb = ImageColor.getrgb(value)
    except ValueError:
        raise RecipeError(name, f"{value!r} {allowed}") from None
    if len(rgb) != 3:
        raise RecipeError(name, f"{value!r} {allowed}; transparency is set by `opacity`")
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _outline(value: object) -> str:
    return "none" if value == "none" else _color("outline", value)


def _drawable(name: str, text: str, font: bytes, *, drawn: Callable[[str], str]) -> str:
    """Return a text as the font draws it; ``drawn`` is the part that is always drawn. Raises ``RecipeError``."""
    from zenoimg.imaging.marking.default_font import NAME, is_default_font
    from zenoimg.imaging.marking.typeface import missing_characters, with_equal_characters

    text = unicodedata.normalize("NFC", text)
    if (length := len(text if drawn is str else text.replace("{{", "{").replace("}}", "}"))) > MAX_TEXT_LENGTH:
        raise RecipeError(name, f"has {length} characters; at most {MAX_TEXT_LENGTH} are allowed")
    text = with_equal_characters(font, text)
    literal = drawn(text)
    _check_simple_layout(name, literal)
    missing = missing_characters(font, literal)
    if missing:
        whose = f"the default font, {NAME}," if is_default_font(font) else "the font"
        named = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in missing)
        raise RecipeError(name, f"{whose} has no glyph for {named}; name another `font` or use a `logo`")
    return text


def _check_simple_layout(name: str, text: str) -> None:
    """Raise ``RecipeError`` for text that Pillow's basic layout, the only one available everywhere, gets wrong."""
    for character in text:
        if character == "\n":
            continue
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn"):
            raise RecipeError(name, f"holds the control or unassigned character U+{ord(character):04X}")
        right_to_left = unicodedata.bidirectional(character) in ("R", "AL", "AN")
        if right_to_left or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
            raise RecipeError(
                name,
                f"{character!r} (U+{ord(character):04X}) needs shaping or runs from right to left, "
                "which is not drawn the same everywhere; draw it yourself and use it as a `logo`",
            )
