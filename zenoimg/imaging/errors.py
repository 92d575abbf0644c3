"""Errors of the imaging package: a refused picture, a recipe that cannot be drawn."""

from __future__ import annotations

from typing import Final, Literal

RefusalCode = Literal[
    "not-an-image",
    "unsupported-format",
    "decoder-missing",
    "corrupt",
    "too-large",
    "too-many-frames",
    "too-small",
]
#: Code of a format whose decoder is an optional package that is not installed here: not a verdict on the picture.
DECODER_MISSING: Final = "decoder-missing"


class Refused(Exception):  # noqa: N818 -- the contract's own word: the picture is refused, nothing broke
    """A picture that gets no watermarked copy. ``message`` says why in one sentence."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[Refused], tuple[RefusalCode, str]]:
        return Refused, (self.code, self.message)


class TransientError(Exception):
    """A failure that says nothing about the picture, which may succeed next time."""


class NeedsMemoryError(MemoryError):
    """A picture that needs more memory than this process has, and can be marked where there is more."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(f"it needs {needed / 1e9:.2f} GB of memory, and {available / 1e9:.2f} are available here")
        self.needed, self.available = needed, available

    def __reduce__(self) -> tuple[type[NeedsMemoryError], tuple[int, int]]:
        return NeedsMemoryError, (self.needed, self.available)


class RecipeError(ValueError):
    """A recipe that cannot be drawn. ``field`` names the setting; the message says what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def __reduce__(self) -> tuple[type[RecipeError], tuple[str, str]]:
        return RecipeError, (self.field, self.message)
