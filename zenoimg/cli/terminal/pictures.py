"""Pictures in the terminal, by the optional package textual-image: kitty's protocol, sixel, else half-blocks.

Terminals that know only iTerm2's own protocol get half-blocks; iTerm2 itself knows sixel.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from zenoimg.cli.terminal.screen import Screen, printable
from zenoimg.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from zenoimg.operations.gallery.thumbnails import Small

_MOST_COLUMNS = 80  # of one picture: at two to three pixels a column no thumbnail is worth more


def renderer(screen: Screen) -> Any:
    """What draws a picture in this very terminal.

    Raises ``UsageError`` where nothing is a terminal or it has no colours, ``ConfigurationError`` where the
    package is missing.
    """
    out = screen.out
    if not out.is_terminal or out.is_dumb_terminal:
        raise UsageError("--picture needs a terminal to draw in", next_step="--open shows the copy in a viewer.")
    try:
        from textual_image.renderable import HalfcellImage, Image  # asks the terminal what it can do
    except ImportError as error:
        raise ConfigurationError(
            "drawing pictures needs the package textual-image",
            next_step="Install it with: pip install 'zenoimg[pictures]'",
        ) from error
    if Image is HalfcellImage and out.no_color:
        raise UsageError(
            "this terminal draws pictures in colours alone, and colours are off",
            next_step="--open shows the copy in a viewer.",
        )
    return Image


def draw(screen: Screen, image: Any, pictures: Iterable[Small]) -> None:
    """Draw pictures side by side, each under its caption; ``image`` is what ``renderer`` gave."""
    found = list(pictures)
    columns = min((screen.out.width - 2) // 2, _MOST_COLUMNS)
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
