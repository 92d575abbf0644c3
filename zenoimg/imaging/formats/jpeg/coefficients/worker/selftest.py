"""Check, before any picture is processed, that a library has the structs that ``layouts`` describes.

libjpeg itself compares the sizes of its two master structs, and ends the process if they differ. The rest is
tested with a small picture of which every value is known.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof, c_void_p, sizeof

from .layouts import RGB, ErrorManager, HuffmanStruct
from .libjpeg import Decoder, Encoder, Library
from .messages import ERROR_CODE_AT

_SIZE = 24, 16
_MEMORY = 1 << 20
_DEFAULT_CHUNK = 1_000_000_000
_DC_COUNTS = [0, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]  # ITU-T T.81, table K.3
_CANARY = 0xA5


def has_known_layout(library: Library) -> bool:
    """Return whether all structs that this package reads or writes have the expected layout."""
    return (
        ctypes.sizeof(c_void_p) == ctypes.sizeof(ctypes.c_long) == 8
        and ErrorManager.msg_code.offset == ERROR_CODE_AT
        and _error_manager_ends_as_known(library)
        and _small_picture_reads_as_known(library)
    )


def _error_manager_ends_as_known(library: Library) -> bool:
    """Return whether ``jpeg_std_error`` sets the last fields of the struct and nothing after it."""
    room = (ctypes.c_uint8 * (sizeof(ErrorManager) + 64))(*([_CANARY] * (sizeof(ErrorManager) + 64)))
    library.call.jpeg_std_error(addressof(room))
    filled = ErrorManager.from_address(addressof(room))
    return (
        set(room[sizeof(ErrorManager) :]) == {_CANARY}
        and (filled.trace_level, filled.num_warnings, filled.msg_code) == (0, 0, 0)
        and 100 < filled.last_jpeg_message < 400
        and (filled.addon_message_table, filled.first_addon_message, filled.last_addon_message) == (None, 0, 0)
        and library.out_of_memory_code() > 0
    )


def _small_picture_reads_as_known(library: Library) -> bool:
    width, height = _SIZE
    encoder = Encoder(library, _MEMORY)
    info = encoder.info
    if info.mem.contents.max_alloc_chunk != _DEFAULT_CHUNK:
        return False
    info.image_width, info.image_height, info.input_components, info.in_color_space = width, height, 3, RGB
    library.call.jpeg_set_defaults(encoder.ref)
    huffman: HuffmanStruct = info.dc_huff_tbl_ptrs[0].contents
    if list(huffman.bits) != _DC_COUNTS or list(huffman.huffval[:12]) != list(range(12)) or huffman.sent_table:
        return False
    for index, table in enumerate(info.quant_tbl_ptrs[:2]):
        table.contents.quantval[:] = [3 + index] * 64
    info.restart_interval = 5
    library.call.jpeg_start_compress(encoder.ref, 1)
    line = (ctypes.c_uint8 * (3 * width))(*([255, 0, 0] * width))
    rows = (c_void_p * height)(*([addressof(line)] * height))
    library.call.jpeg_write_scanlines(encoder.ref, addressof(rows), height)
    library.call.jpeg_finish_compress(encoder.ref)
    decoder = Decoder(library, _MEMORY, *encoder.output)
    known = _is_that_picture(decoder)
    decoder.close()
    encoder.close()
    return known


def _is_that_picture(decoder: Decoder) -> bool:
    arrays = decoder.coefficients()
    info = decoder.info
    components = info.comp_info[: info.num_components]
    # Pure red is 76 in luma and 255 in Cr (JFIF 1.02): DC is 8 times the distance from 128, divided by the step.
    luma = (ctypes.c_int16 * 64).from_address(decoder.rows(arrays[0], 0, 1)[0])
    chroma = (ctypes.c_int16 * 64).from_address(decoder.rows(arrays[2], 0, 1)[0])
    return (
        not decoder.warned
        and (info.image_width, info.image_height, info.num_components) == (*_SIZE, 3)
        and [part.component_id for part in components] == [1, 2, 3]
        and [(part.h_samp_factor, part.v_samp_factor) for part in components] == [(2, 2), (1, 1), (1, 1)]
        and [part.quant_tbl_no for part in components] == [0, 1, 1]
        and [(part.width_in_blocks, part.height_in_blocks) for part in components] == [(3, 2), (2, 1), (2, 1)]
        and [info.quant_tbl_ptrs[index].contents.quantval[63] for index in (0, 1)] == [3, 4]
        and list(info.dc_huff_tbl_ptrs[0].contents.bits) == _DC_COUNTS
        and (info.restart_interval, info.saw_JFIF_marker, info.saw_Adobe_marker) == (5, 1, 0)
        and (info.max_h_samp_factor, info.max_v_samp_factor, info.data_precision) == (2, 2, 8)
        and (info.progressive_mode, info.arith_code, info.coef_bits) == (0, 0, None)
        and (luma[0], chroma[0]) == (round(8 * (76 - 128) / 3), round(8 * (255 - 128) / 4))
        and not any(luma[1:])
    )
