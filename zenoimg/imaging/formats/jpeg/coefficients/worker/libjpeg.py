"""libjpeg's functions and the objects that it works with.

libjpeg calls ``error_exit`` when it cannot continue, which must not return. A callback into Python that raised would
leave C frames behind, so it is the C library's own ``_exit``: the process ends, and its status is the lowest byte
of the first argument, the address of the object, which is placed so that this byte is ``LIBJPEG_EXIT``.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_int, c_size_t, c_uint, c_ulong, c_void_p, sizeof
from typing import Any

from .layouts import VERSION, Compress, Decompress, ErrorManager, HuffmanStruct
from .messages import LIBJPEG_EXIT

BLOCK_BYTES = 128
"""An 8x8 block has 64 coefficients of 16 bits."""

_POINTER_TO_POINTER = POINTER(c_void_p)
_ACCESS_BLOCKS = ctypes.CFUNCTYPE(_POINTER_TO_POINTER, c_void_p, c_void_p, c_uint, c_uint, c_int)
_REQUEST_BLOCKS = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_int, c_int, c_uint, c_uint, c_uint)
_IMAGE_POOL = 1
_INSUFFICIENT_MEMORY = b"Insufficient memory"

_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "jpeg_std_error": (c_void_p, [c_void_p]),
    "jpeg_CreateDecompress": (None, [c_void_p, c_int, c_size_t]),
    "jpeg_CreateCompress": (None, [c_void_p, c_int, c_size_t]),
    "jpeg_destroy": (None, [c_void_p]),
    "jpeg_mem_src": (None, [c_void_p, c_void_p, c_ulong]),
    "jpeg_mem_dest": (None, [c_void_p, _POINTER_TO_POINTER, POINTER(c_ulong)]),
    "jpeg_read_header": (c_int, [c_void_p, c_int]),
    "jpeg_read_coefficients": (c_void_p, [c_void_p]),
    "jpeg_copy_critical_parameters": (None, [c_void_p, c_void_p]),
    "jpeg_write_coefficients": (None, [c_void_p, c_void_p]),
    "jpeg_set_defaults": (None, [c_void_p]),
    "jpeg_simple_progression": (None, [c_void_p]),
    "jpeg_start_compress": (None, [c_void_p, c_int]),
    "jpeg_write_scanlines": (c_uint, [c_void_p, c_void_p, c_uint]),
    "jpeg_finish_compress": (None, [c_void_p]),
    "jpeg_alloc_huff_table": (POINTER(HuffmanStruct), [c_void_p]),
}


class Library:
    """The loaded library. Raises ``OSError`` or ``AttributeError`` if a file is not libjpeg.

    ``error_at`` is the address in the control page for the error manager, which all objects share.
    """

    def __init__(self, path: str, error_at: int) -> None:
        self.call: Any = ctypes.CDLL(path)
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(self.call, name)
            function.restype, function.argtypes = result, arguments
        self.libc: Any = ctypes.CDLL(None)
        self.libc.memcmp.argtypes = [c_void_p, c_void_p, c_size_t]
        self.libc.free.argtypes = [c_void_p]
        self.error = ErrorManager.from_address(error_at)
        self.call.jpeg_std_error(byref(self.error))
        self.error.error_exit = ctypes.cast(self.libc._exit, c_void_p).value
        self.error.output_message = ctypes.cast(self.libc.getpid, c_void_p).value  # harmless: warnings are counted

    def out_of_memory_code(self) -> int:
        """Return libjpeg's message number for lack of memory, or ``-1`` if it has none."""
        for code in range(self.error.last_jpeg_message + 1):
            text = self.error.jpeg_message_table[code]
            if text and ctypes.string_at(text).startswith(_INSUFFICIENT_MEMORY):
                return code
        return -1


class Coder:
    """The base of decoders and encoders: the struct at a chosen address, and its memory."""

    def __init__(self, library: Library, kind: type[Decompress] | type[Compress], memory: int) -> None:
        self.library = library
        self._buffer = ctypes.create_string_buffer(sizeof(kind) + 2 * 256)
        address = (ctypes.addressof(self._buffer) + 255) // 256 * 256 + LIBJPEG_EXIT
        self.info: Any = kind.from_address(address)
        self.ref = byref(self.info)
        self.info.err = ctypes.pointer(library.error)
        create = library.call.jpeg_CreateDecompress if kind is Decompress else library.call.jpeg_CreateCompress
        create(self.ref, VERSION, sizeof(kind))
        manager = self.info.mem.contents
        manager.max_memory_to_use = memory
        self._access = _ACCESS_BLOCKS(manager.access_virt_barray)
        self._request = _REQUEST_BLOCKS(manager.request_virt_barray)

    def rows(self, array: int, first: int, count: int, *, writable: bool = False) -> Any:
        """Return pointers to rows of blocks in a virtual array, valid until the next call for that array."""
        return self._access(self.ref, array, first, count, writable)

    def close(self) -> None:
        """Free all of the object's memory."""
        self.library.call.jpeg_destroy(self.ref)


class Decoder(Coder):
    """Reads the coefficients of a JPEG in memory."""

    def __init__(self, library: Library, memory: int, address: int, length: int) -> None:
        super().__init__(library, Decompress, memory)
        library.call.jpeg_mem_src(self.ref, address, length)
        library.call.jpeg_read_header(self.ref, 1)

    def coefficients(self) -> Any:
        """Return the virtual array of blocks for each component; ``warned`` tells whether the file was damaged."""
        arrays = self.library.call.jpeg_read_coefficients(self.ref)
        self.warned = bool(self.library.error.num_warnings)
        return (c_void_p * self.info.num_components).from_address(arrays)


class Encoder(Coder):
    """Writes a JPEG to memory: to a given buffer, or to one of its own."""

    def __init__(self, library: Library, memory: int, address: int | None = None, capacity: int = 0) -> None:
        super().__init__(library, Compress, memory)
        self._given = address
        self._address, self._size = c_void_p(address), c_ulong(capacity)
        library.call.jpeg_mem_dest(self.ref, byref(self._address), byref(self._size))

    def request(self, blocks_across: int, blocks_down: int, access: int) -> int:
        """Return a new virtual array of zeroed blocks, which exists once compression starts."""
        array: int = self._request(self.ref, _IMAGE_POOL, 1, blocks_across, blocks_down, access)
        return array

    @property
    def output(self) -> tuple[int, int]:
        """The address and length of the finished JPEG."""
        return self._address.value or 0, self._size.value

    def close(self) -> None:
        """Free all of the object's memory, including the output unless it is in the given buffer."""
        super().close()
        if self._address.value != self._given:
            self.library.libc.free(self._address)
