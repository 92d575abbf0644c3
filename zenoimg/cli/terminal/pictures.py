"""Draw pictures in the terminal with the optional package textual-image: kitty's protocol, sixel or half-blocks.

Terminals that support only iTerm2's own protocol get half-blocks; iTerm2 itself supports sixel.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from zenoimg.cli.terminal.screen import Screen, printable
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.suggest import suggest_install

if TYPE_CHECKING:
    from zenoimg.operations.gallery.thumbnails import Small

_MAX_COLUMNS = 80  # columns per picture: at two to three pixels per column, thumbnails have no more detail


def renderer(screen: Screen) -> Any:
    """Return the class that draws a picture in this terminal.

    Raises ``UsageError`` without a terminal or colours, ``ConfigurationError`` without the package.
    """
    out = screen.out
    if not out.is_terminal or out.is_dumb_terminal:
        raise UsageError("--picture needs a terminal to draw in", next_step="--open shows the copy in a viewer.")
    try:
        from textual_image.renderable import HalfcellImage, Image  # queries the terminal's capabilities
    except ImportError as error:
        raise ConfigurationError(
            "drawing pictures needs the package textual-image",
            next_step=f"Install it with: {suggest_install('pictures')}",
        ) from error
    if Image is HalfcellImage and out.no_color:
        raise UsageError(
            "this terminal needs colours to draw pictures, and colours are off",
            next_step="--open shows the copy in a viewer.",
        )
    return Image


def draw(screen: Screen, image: Any, pictures: Iterable[Small]) -> None:
    """Draw pictures side by side, each below its caption; ``image`` comes from ``renderer``."""
    found = list(pictures)
    columns = min((screen.out.width - 2) // 2, _MAX_COLUMNS)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in found:
        grid.add_column(width=columns)
    grid.add_row(*(Text(small.caption, style="dim") for small in found))
    grid.add_row(
        *(
            image(BytesIO(small.data), width=columns, height="auto")
            if small.data
            else Text(printable(small.problem), style="yellow")
            for small in found
        )
    )
    screen.out.print(grid)
