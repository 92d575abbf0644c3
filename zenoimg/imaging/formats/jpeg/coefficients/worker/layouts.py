"""The structs of libjpeg's API and ABI 6.2 on machines with 64-bit ``long`` and pointers (``jpeglib.h``).

Pointers that are never dereferenced are ``c_void_p``. ``selftest`` checks sizes and offsets against the library.
"""

from __future__ import annotations

from ctypes import (
    POINTER,
    Structure,
    c_char,
    c_double,
    c_int,
    c_long,
    c_uint,
    c_uint8,
    c_uint16,
    c_void_p,
)
from typing import Any

VERSION = 62
"""``JPEG_LIB_VERSION``."""

GRAYSCALE, RGB, CMYK = 1, 2, 4
"""Values of ``J_COLOR_SPACE``."""

Fields = list[tuple[str, Any]]


def _fields(kind: Any, names: str) -> Fields:
    return [(name, kind) for name in names.split()]


class ErrorManager(Structure):
    """``struct jpeg_error_mgr``."""

    _fields_ = [
        *_fields(c_void_p, "error_exit emit_message output_message format_message reset_error_mgr"),
        ("msg_code", c_int),
        ("msg_parm", c_char * 80),
        ("trace_level", c_int),
        ("num_warnings", c_long),
        ("jpeg_message_table", POINTER(c_void_p)),
        ("last_jpeg_message", c_int),
        ("addon_message_table", c_void_p),
        *_fields(c_int, "first_addon_message last_addon_message"),
    ]


class MemoryManager(Structure):
    """``struct jpeg_memory_mgr``."""

    _fields_ = [
        *_fields(c_void_p, "alloc_small alloc_large alloc_sarray alloc_barray request_virt_sarray"),
        *_fields(c_void_p, "request_virt_barray realize_virt_arrays access_virt_sarray access_virt_barray"),
        *_fields(c_void_p, "free_pool self_destruct"),
        *_fields(c_long, "max_memory_to_use max_alloc_chunk"),
    ]


class Component(Structure):
    """``jpeg_component_info``."""

    _fields_ = [
        *_fields(c_int, "component_id component_index h_samp_factor v_samp_factor"),
        *_fields(c_int, "quant_tbl_no dc_tbl_no ac_tbl_no"),
        *_fields(c_uint, "width_in_blocks height_in_blocks"),
        ("DCT_scaled_size", c_int),
        *_fields(c_uint, "downsampled_width downsampled_height"),
        *_fields(c_int, "component_needed MCU_width MCU_height MCU_blocks MCU_sample_width"),
        *_fields(c_int, "last_col_width last_row_height"),
        *_fields(c_void_p, "quant_table dct_table"),
    ]


class QuantizationTable(Structure):
    """``JQUANT_TBL``."""

    _fields_ = [("quantval", c_uint16 * 64), ("sent_table", c_int)]


class HuffmanStruct(Structure):
    """``JHUFF_TBL``."""

    _fields_ = [("bits", c_uint8 * 17), ("huffval", c_uint8 * 256), ("sent_table", c_int)]


_COMMON: Fields = [
    ("err", POINTER(ErrorManager)),
    ("mem", POINTER(MemoryManager)),
    *_fields(c_void_p, "progress client_data"),
    *_fields(c_int, "is_decompressor global_state"),
]
_TABLES: Fields = [
    ("quant_tbl_ptrs", POINTER(QuantizationTable) * 4),
    ("dc_huff_tbl_ptrs", POINTER(HuffmanStruct) * 4),
    ("ac_huff_tbl_ptrs", POINTER(HuffmanStruct) * 4),
]
_CONDITIONING: Fields = _fields(c_uint8 * 16, "arith_dc_L arith_dc_U arith_ac_K")
_JFIF: Fields = [
    *_fields(c_uint8, "JFIF_major_version JFIF_minor_version density_unit"),
    *_fields(c_uint16, "X_density Y_density"),
]
_SCAN: Fields = [
    ("comps_in_scan", c_int),
    ("cur_comp_info", c_void_p * 4),
    *_fields(c_uint, "MCUs_per_row MCU_rows_in_scan"),
    ("blocks_in_MCU", c_int),
    ("MCU_membership", c_int * 10),
    *_fields(c_int, "Ss Se Ah Al"),
]


class Decompress(Structure):
    """``struct jpeg_decompress_struct``."""

    _fields_ = [
        *_COMMON,
        ("src", c_void_p),
        *_fields(c_uint, "image_width image_height"),
        *_fields(c_int, "num_components jpeg_color_space out_color_space"),
        *_fields(c_uint, "scale_num scale_denom"),
        ("output_gamma", c_double),
        *_fields(c_int, "buffered_image raw_data_out dct_method do_fancy_upsampling do_block_smoothing"),
        *_fields(c_int, "quantize_colors dither_mode two_pass_quantize desired_number_of_colors"),
        *_fields(c_int, "enable_1pass_quant enable_external_quant enable_2pass_quant"),
        *_fields(c_uint, "output_width output_height"),
        *_fields(c_int, "out_color_components output_components rec_outbuf_height actual_number_of_colors"),
        ("colormap", c_void_p),
        ("output_scanline", c_uint),
        ("input_scan_number", c_int),
        ("input_iMCU_row", c_uint),
        ("output_scan_number", c_int),
        ("output_iMCU_row", c_uint),
        ("coef_bits", c_void_p),
        *_TABLES,
        ("data_precision", c_int),
        ("comp_info", POINTER(Component)),
        *_fields(c_int, "progressive_mode arith_code"),
        *_CONDITIONING,
        ("restart_interval", c_uint),
        ("saw_JFIF_marker", c_int),
        *_JFIF,
        ("saw_Adobe_marker", c_int),
        ("Adobe_transform", c_uint8),
        ("CCIR601_sampling", c_int),
        ("marker_list", c_void_p),
        *_fields(c_int, "max_h_samp_factor max_v_samp_factor min_DCT_scaled_size"),
        ("total_iMCU_rows", c_uint),
        ("sample_range_limit", c_void_p),
        *_SCAN,
        ("unread_marker", c_int),
        *_fields(c_void_p, "master main coef post inputctl marker entropy idct upsample cconvert cquantize"),
    ]


class Compress(Structure):
    """``struct jpeg_compress_struct``."""

    _fields_ = [
        *_COMMON,
        ("dest", c_void_p),
        *_fields(c_uint, "image_width image_height"),
        *_fields(c_int, "input_components in_color_space"),
        ("input_gamma", c_double),
        *_fields(c_int, "data_precision num_components jpeg_color_space"),
        ("comp_info", POINTER(Component)),
        *_TABLES,
        *_CONDITIONING,
        ("num_scans", c_int),
        ("scan_info", c_void_p),
        *_fields(c_int, "raw_data_in arith_code optimize_coding CCIR601_sampling smoothing_factor dct_method"),
        ("restart_interval", c_uint),
        *_fields(c_int, "restart_in_rows write_JFIF_header"),
        *_JFIF,
        ("write_Adobe_marker", c_int),
        ("next_scanline", c_uint),
        *_fields(c_int, "progressive_mode max_h_samp_factor max_v_samp_factor"),
        ("total_iMCU_rows", c_uint),
        *_SCAN,
        *_fields(c_void_p, "master main prep coef marker cconvert downsample fdct entropy script_space"),
        ("script_space_size", c_int),
    ]
