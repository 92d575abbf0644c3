"""Track what a GIF shows at each frame, and which part of the mark each frame of the copy has to draw."""

from __future__ import annotations

from PIL import Image, ImageChops

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.few_levels import decided_levels
from zenoimg.imaging.formats.gif.blocks import BACKGROUND, PREVIOUS, Control, Gif, GifFrame, decode_indices
from zenoimg.imaging.formats.gif.colors import ColorTable
from zenoimg.imaging.formats.gif.drawing import Drawing, draw
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import touches, union
from zenoimg.imaging.marking.placement import Box, Size, clipped

_FAINTEST_COVERAGE = 24
"""Coverage (out of 255) below which a pixel keeps its index: the soft edges of letters."""


class Marking:
    """Tracks what the source shows at each frame, and which pixels the copy does not show yet (stale ones).

    ``shared`` is the growing global colour table; ``warnings`` names what could not be kept.
    """

    def __init__(self, source: Gif, overlay: Overlay, size: Size) -> None:
        self.warnings: list[str] = []
        self.shared = _shared_table(source)
        self._has_shared = source.table is not None
        self._alone = len(source.frames) == 1
        self._overlay = overlay
        self._shown = Image.new("RGBA", size)
        self._layer = Image.new("RGBA", size)
        for box in overlay.boxes:
            self._layer.paste(overlay.mark, box[:2])
        coverage = self._layer.getchannel("A")
        faintest = min(_FAINTEST_COVERAGE, max(level for level, count in enumerate(coverage.histogram()) if count) // 2)
        self._on_color = coverage.point([255 * (level > faintest) for level in range(256)])
        self._on_nothing = coverage.point(decided_levels(coverage))
        self._stale: Image.Image | None = self._on_nothing

    def marked(self, frame: GifFrame) -> GifFrame:
        """Return a frame of the copy; to be called with the frames in order."""
        if frame.table is None and not self._has_shared:
            raise Refused("corrupt", "the GIF has a frame without a colour table")
        control = frame.control or Control(0, 0, 0)
        shown_before = self._shown.copy() if control.disposal == PREVIOUS else None
        stale_before = self._stale
        indices = decode_indices(frame)
        opaque = _opaque(indices, control.transparent)
        table = self.shared if frame.table is None else ColorTable.read(frame.table, range(256))
        self._shown.paste(table.in_color(indices), frame.box[:2], opaque)
        copied = frame
        if self._stale is not None or touches(frame.box, self._overlay):
            copied = self._drawn(frame, indices, opaque)
        self._stale = None
        if shown_before is not None:
            self._shown, self._stale = shown_before, stale_before
        elif control.disposal == BACKGROUND:
            self._shown.paste((0, 0, 0, 0), frame.box)
            self._stale = self._missing_when_cleared(copied.box)
        return copied

    def _drawn(self, frame: GifFrame, indices: Image.Image, opaque: Image.Image) -> GifFrame:
        drawing = self._drawing(frame, opaque)
        if drawing is None:
            return frame
        # Later frames of an animation need colours as well.
        most = len(self.shared.free) if self._alone else (len(self.shared.free) + 3) // 4
        return draw(frame, indices, drawing, self.shared, most, self.warnings)

    def _drawing(self, frame: GifFrame, opaque: Image.Image) -> Drawing | None:
        """Return what has to be drawn on a frame, or ``None``."""
        stale_box = self._stale.getbbox() if self._stale is not None else None
        # Parts outside the screen may be far away, and are invisible.
        shown_box = clipped(frame.box, self._shown.size)
        boxes = [box for box in (shown_box, stale_box) if box is not None]
        if not boxes:
            return None
        box = union(boxes)
        at = frame.box[0] - box[0], frame.box[1] - box[1]
        placed = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        placed.paste(opaque, at)
        stale = self._stale.crop(box) if self._stale is not None else Image.new("L", placed.size)
        shown = self._shown.crop(box)
        covered = Image.composite(self._on_color.crop(box), self._on_nothing.crop(box), shown.getchannel("A"))
        inked = ImageChops.darker(ImageChops.lighter(placed, stale), covered)
        area = inked.getbbox()
        if area is None and stale_box is None:
            return None
        restored = ImageChops.darker(stale, ImageChops.invert(ImageChops.lighter(placed, covered)))
        area = area or (0, 0, 1, 1)
        ground = shown.crop(area)
        ideal = Image.alpha_composite(ground, self._layer.crop(box).crop(area))
        shown_in_color = shown.convert("RGB")
        return Drawing(
            box,
            at,
            area,
            ground.convert("RGB"),
            ideal.convert("RGB"),
            inked.crop(area),
            shown_in_color,
            restored if restored.getbbox() else None,
        )

    def _missing_when_cleared(self, box: Box) -> Image.Image | None:
        """Return the pixels that the copy has to redraw after its frame in ``box`` was cleared."""
        inside = clipped(box, self._shown.size)
        if inside is None:
            return None
        missing = Image.new("L", self._shown.size)
        alpha = self._shown.getchannel("A").crop(inside)
        missing.paste(ImageChops.lighter(alpha, self._on_nothing.crop(inside)), inside)
        return missing if missing.getbbox() else None


def _shared_table(source: Gif) -> ColorTable:
    """Return the global table, with the indices of all frames that use it in use."""
    used = {source.background}
    for frame in source.frames:
        if frame.table is None:
            used |= {index for index, count in enumerate(decode_indices(frame).histogram()) if count}
            if frame.control and frame.control.transparent is not None:
                used.add(frame.control.transparent)
    return ColorTable.read(source.table or b"", used)


def _opaque(indices: Image.Image, transparent: int | None) -> Image.Image:
    """Return a mask: 255 where a frame has an opaque pixel."""
    if transparent is None:
        return Image.new("L", indices.size, 255)
    grey = Image.frombytes("L", indices.size, indices.tobytes())
    return grey.point([255 * (index != transparent) for index in range(256)])
