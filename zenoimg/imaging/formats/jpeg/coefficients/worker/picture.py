"""The coefficients of one picture: return MCUs as a small JPEG, replace blocks, write the result.

Nothing here decodes or encodes pixels outside the region around the mark.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from ctypes import addressof, byref, c_int, c_int16, c_void_p, memmove, sizeof
from typing import Any, NamedTuple

from .layouts import CMYK, GRAYSCALE, RGB, HuffmanStruct
from .libjpeg import BLOCK_BYTES, Decoder, Encoder, Library
from .messages import COMPONENTS, DAMAGED, GEOMETRY, INCOMPLETE, RANGE, SCAN, SPACE, CodingTables, HuffmanTable

_PIXELS = {1: GRAYSCALE, 3: RGB, 4: CMYK}
_RUN = re.compile(rb"[^\0]+")
_HIGH_BYTES_IN_RANGE = bytes([0, 1, 2, 3, 0xFC, 0xFD, 0xFE, 0xFF])  # values from -1024 to 1023, little-endian
_LEAST_FIRST = -1024
_MOST_UNSEEN = 15  # blocks: 1,023 plus 15 differences of up to 2,047 is less than 32,768


class CannotEditError(Exception):
    """The picture has to be decoded and encoded instead; ``code`` is one of ``messages``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Part(NamedTuple):
    """One component: its sampling factors, and its blocks across and down the picture."""

    across: int
    down: int
    width: int
    height: int


class SourcePicture:
    """A JPEG with all coefficients read. Raises ``CannotEditError``; libjpeg's errors end the process.

    ``coding`` is how it is written: tables that have a code for each of its symbols or, for a picture of several scans,
    its script as ``messages.pack_scans`` returns it (empty for libjpeg's own progression).
    """

    def __init__(
        self, library: Library, memory: int, address: int, length: int, coding: CodingTables | bytes = b""
    ) -> None:
        self._library, self._memory = library, memory
        self._tables = coding if isinstance(coding, CodingTables) else None
        self._script = coding if isinstance(coding, bytes) else b""
        self._decoder = Decoder(library, memory, address, length)
        self._info = self._decoder.info
        try:
            self._read()
        except CannotEditError:
            self.close()
            raise

    def _read(self) -> None:
        info = self._info
        if info.data_precision != 8 or info.num_components not in _PIXELS or info.arith_code:
            raise CannotEditError(COMPONENTS)
        self._arrays = self._decoder.coefficients()
        if self._decoder.warned:
            raise CannotEditError(DAMAGED)
        if info.coef_bits and any((c_int * (64 * info.num_components)).from_address(info.coef_bits)):
            raise CannotEditError(INCOMPLETE)
        self._parts = [
            Part(part.h_samp_factor, part.v_samp_factor, part.width_in_blocks, part.height_in_blocks)
            for part in info.comp_info[: info.num_components]
        ]

    def close(self) -> None:
        """Free the picture's memory."""
        self._decoder.close()

    def crop(self, left: int, top: int, right: int, bottom: int) -> bytes:
        """Return the MCUs from ``left`` to ``right`` and ``top`` to ``bottom`` (exclusive) as a JPEG.

        Coefficients without a code would be written incorrectly without an error, so the JPEG is read back and
        compared.
        """
        info = self._info
        width, height = 8 * info.max_h_samp_factor, 8 * info.max_v_samp_factor
        columns, lines = -(-info.image_width // width), -(-info.image_height // height)
        if not (0 <= left < right <= columns and 0 <= top < bottom <= lines):
            raise CannotEditError(GEOMETRY)
        self._corner, self._mcus = (left, top), (right - left, bottom - top)
        ends = min(right * width, info.image_width), min(bottom * height, info.image_height)
        self.size = ends[0] - left * width, ends[1] - top * height
        with closing(self._encoded_region()) as encoder:
            with closing(Decoder(self._library, self._memory, *encoder.output)) as again:
                if not self._equals(again):
                    raise CannotEditError(RANGE)
            cropped = ctypes.string_at(*encoder.output)
        self._cropped_bytes = len(cropped)
        return cropped

    def growth(self) -> int:
        """Return the number of bytes by which replacing blocks has made the cropped region larger."""
        with closing(self._encoded_region()) as encoder:
            return encoder.output[1] - self._cropped_bytes

    def mask_lengths(self) -> list[int]:
        """Return the number of blocks of each component in the cropped region."""
        return [self._mcus[0] * part.across * self._mcus[1] * part.down for part in self._parts]

    def replace(self, address: int, masks: list[bytes], lowered: int) -> None:
        """Encode the cropped region's pixels at ``address``, and take over the blocks whose mask is not 0.

        A mask has one byte per block of its component in the region, row by row. The first coefficient of the
        replaced blocks in the first component is ``lowered``.
        """
        width, height = self.size
        channels = len(self._parts)
        with closing(self._encoder()) as encoder:
            encoder.info.image_width, encoder.info.image_height = width, height
            encoder.info.input_components, encoder.info.in_color_space = channels, _PIXELS[channels]
            encoder.info.write_JFIF_header = encoder.info.write_Adobe_marker = 0
            self._library.call.jpeg_start_compress(encoder.ref, 1)
            stride = width * channels
            rows = (c_void_p * height)(*range(address, address + stride * height, stride))
            done = 0
            while done < height:
                at = addressof(rows) + done * sizeof(c_void_p)
                done += self._library.call.jpeg_write_scanlines(encoder.ref, at, height - done)
            self._library.call.jpeg_finish_compress(encoder.ref)
            with closing(Decoder(self._library, self._memory, *encoder.output)) as drawn:
                arrays = drawn.coefficients()
                if drawn.warned:
                    raise CannotEditError(RANGE)
                for index, part in enumerate(self._parts):
                    self._take_over(index, part, drawn, arrays[index], masks[index], 0 if index else lowered)

    def write(self, address: int, capacity: int, *, optimized: bool = False) -> int:
        """Write the picture to ``address`` and return its length.

        Application segments are left out. ``optimized`` counts the symbols first and makes tables for them; only the
        slots of the picture's tables count then.
        """
        with closing(self._encoder(address, capacity)) as encoder:
            encoder.info.write_JFIF_header = encoder.info.write_Adobe_marker = 0
            encoder.info.restart_interval = self._info.restart_interval
            script = ctypes.create_string_buffer(self._script)  # libjpeg keeps a pointer to it
            if self._tables:
                self._install(encoder, self._tables)
            elif self._script:
                encoder.info.scan_info = addressof(script)
                encoder.info.num_scans = len(self._script) // SCAN.size
            else:
                self._library.call.jpeg_simple_progression(encoder.ref)
            encoder.info.optimize_coding = optimized or not self._tables
            self._library.call.jpeg_write_coefficients(encoder.ref, addressof(self._arrays))
            self._library.call.jpeg_finish_compress(encoder.ref)
            written, length = encoder.output
        if written != address:  # libjpeg moved to a larger buffer of its own
            raise CannotEditError(SPACE)
        return length

    def _encoder(self, address: int | None = None, capacity: int = 0) -> Encoder:
        encoder = Encoder(self._library, self._memory, address, capacity)
        self._library.call.jpeg_copy_critical_parameters(self._decoder.ref, encoder.ref)
        return encoder

    def check_range(self, top: int, bottom: int, *, same_order: bool) -> None:
        """Raise unless there is a code for the first coefficient of every block.

        libjpeg's fast encoder silently miswrites symbols that a table lacks. What is coded is the difference
        from the previous block, and the tables have all symbols for differences of 8-bit samples. In ``same_order`` as
        in the source, the differences are the source's, except in the rows of MCUs from ``top`` to ``bottom``, where
        blocks are replaced: there all blocks are checked, elsewhere enough to prove that no sum of such differences
        exceeds 16 bits. The other coefficients come from tables whose symbols are known to be valid.
        """
        for index, part in enumerate(self._parts):
            lines = -(-part.height // part.down)
            for line in range(lines):
                # The neighbours of replaced blocks may be one row of MCUs away; the last row has blocks outside the
                # picture, for which libjpeg writes values of its own.
                whole = not same_order or top - 1 <= line <= bottom or line == lines - 1
                pointers = self._decoder.rows(self._arrays[index], line * part.down, part.down)
                rows = min(part.down, part.height - line * part.down)
                if not all(self._row_in_range(pointers[row], part, row, whole=whole) for row in range(rows)):
                    raise CannotEditError(RANGE)

    def _row_in_range(self, address: int, part: Part, row: int, *, whole: bool) -> bool:
        """Check the blocks in one row of a row of MCUs: all, or some and the last one."""
        blocks = memoryview((ctypes.c_uint8 * (part.width * BLOCK_BYTES)).from_address(address))
        step = 1
        if not whole and len(self._parts) == 1:  # coded row by row
            step = _MOST_UNSEEN
        elif not whole:  # coded MCU by MCU
            step = part.width if row else max(1, (_MOST_UNSEEN - (part.down - 1) * (part.across - 1)) // part.down)
        high_bytes = blocks[1 :: step * BLOCK_BYTES].tobytes() + blocks[1 - BLOCK_BYTES : 2 - BLOCK_BYTES]
        return not high_bytes.strip(_HIGH_BYTES_IN_RANGE)

    def _encoded_region(self) -> Encoder:
        """Return an encoder that has written the cropped region as a JPEG of its own; the caller closes it."""
        encoder = self._encoder()
        encoder.info.image_width, encoder.info.image_height = self.size
        encoder.info.write_JFIF_header = self._info.saw_JFIF_marker
        encoder.info.write_Adobe_marker = self._info.saw_Adobe_marker
        if self._tables:
            self._install(encoder, self._tables)
        arrays = (c_void_p * len(self._parts))()  # libjpeg keeps a pointer to it
        self._copy_mcus(encoder, arrays)
        self._library.call.jpeg_finish_compress(encoder.ref)
        return encoder

    def _copy_mcus(self, encoder: Encoder, arrays: Any) -> None:
        """Start writing a JPEG of the region's size from new ``arrays``, and fill them with the region's blocks."""
        for index, part in enumerate(self._parts):
            blocks = self._mcus[0] * part.across, self._mcus[1] * part.down
            arrays[index] = encoder.request(*blocks, part.down)
        self._library.call.jpeg_write_coefficients(encoder.ref, arrays)
        for index, part in enumerate(self._parts):
            length = self._mcus[0] * part.across * BLOCK_BYTES
            for line in range(self._mcus[1]):
                there = encoder.rows(arrays[index], line * part.down, part.down, writable=True)
                for row, source in enumerate(self._row_addresses(index, line)):
                    memmove(there[row], source, length)

    def _row_addresses(self, index: int, line: int, *, writable: bool = False) -> list[int]:
        """Return the addresses of the region's part of each row of blocks in a row of MCUs."""
        part = self._parts[index]
        first = (self._corner[1] + line) * part.down
        pointers = self._decoder.rows(self._arrays[index], first, part.down, writable=writable)
        skipped = self._corner[0] * part.across * BLOCK_BYTES
        return [pointers[row] + skipped for row in range(part.down)]

    def _equals(self, again: Decoder) -> bool:
        arrays = again.coefficients()
        if again.warned:
            return False
        for index, part in enumerate(self._parts):
            mine = again.info.comp_info[index]
            length = mine.width_in_blocks * BLOCK_BYTES
            for line in range(self._mcus[1]):
                rows = min(part.down, mine.height_in_blocks - line * part.down)
                here = again.rows(arrays[index], line * part.down, part.down)
                there = self._row_addresses(index, line)
                if any(self._library.libc.memcmp(here[row], there[row], length) for row in range(rows)):
                    return False
        return True

    def _take_over(self, index: int, part: Part, drawn: Decoder, array: Any, mask: bytes, lowered: int) -> None:
        across = self._mcus[0] * part.across
        for line in range(self._mcus[1]):
            first = line * part.down
            touched = [list(_runs(mask[row * across : (row + 1) * across])) for row in range(first, first + part.down)]
            if not any(touched):
                continue
            here = drawn.rows(array, first, part.down)
            there = self._row_addresses(index, line, writable=True)
            for row, runs in enumerate(touched):
                for start, end in runs:
                    offset = start * BLOCK_BYTES
                    memmove(there[row] + offset, here[row] + offset, (end - start) * BLOCK_BYTES)
                    if lowered:
                        _lower(there[row] + offset, end - start, lowered)

    def _install(self, encoder: Encoder, tables: CodingTables) -> None:
        info = encoder.info
        for part, (dc, ac) in zip(info.comp_info[: len(self._parts)], tables.selectors, strict=True):
            part.dc_tbl_no, part.ac_tbl_no = dc, ac
        for given, slots in ((tables.dc, info.dc_huff_tbl_ptrs), (tables.ac, info.ac_huff_tbl_ptrs)):
            for slot, table in given.items():
                if not slots[slot]:
                    slots[slot] = self._library.call.jpeg_alloc_huff_table(encoder.ref)
                memmove(slots[slot], byref(_struct_of(table)), sizeof(HuffmanStruct))


def _struct_of(table: HuffmanTable) -> HuffmanStruct:
    struct = HuffmanStruct()
    struct.bits[1:] = list(table.counts)
    struct.huffval[: len(table.symbols)] = list(table.symbols)
    return struct


def _lower(address: int, blocks: int, steps: int) -> None:
    """Lower the first coefficient of some blocks, but not below the lowest value whose differences have codes."""
    for at in range(address, address + blocks * BLOCK_BYTES, BLOCK_BYTES):
        first = c_int16.from_address(at)
        first.value = max(_LEAST_FIRST, first.value - steps)


def _runs(mask: bytes) -> Iterator[tuple[int, int]]:
    return (run.span() for run in _RUN.finditer(mask))
