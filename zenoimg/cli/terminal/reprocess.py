"""Show a reprocess: its plan, its results as they arrive, its summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.backfill import BackfillView
from zenoimg.cli.terminal.screen import JsonArray, Screen, printable, safe
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from types import TracebackType

    from zenoimg.operations.reprocess.estimate import Estimate
    from zenoimg.operations.reprocess.here import ReprocessResult

_TABLE_ROWS = 50
#: Runs up to this size are short enough to read as they go by.
_READABLE = 10


def plan(estimate: Estimate, dead_letters: int) -> str:
    """Return a sentence that sums up a planned reprocess."""
    states = render.counts(estimate.by_state, none="")
    text = f"{render.plural(estimate.images, 'image')}{f' ({states})' if states else ''}, "
    text += f"{render.size(estimate.total_bytes)} of originals"
    if estimate.compute_seconds is None:
        text += "; no record has a duration yet, so there is no estimate of the compute time"
    elif estimate.gb_seconds is None:
        text += f"; about {estimate.compute_seconds:,.0f} s of compute time{_basis(estimate)}"
    else:
        text += f"; about {estimate.compute_seconds:,.0f} s of compute time, {estimate.gb_seconds:,.0f} GB-seconds"
        text += _basis(estimate)
    for storage_class, size in estimate.retrieved_bytes.items():
        text += f"; S3 bills the retrieval of {render.size(size)} in {storage_class}"
    return text + (f". Also {render.plural(dead_letters, 'dead letter')}." if dead_letters else ".")


def _basis(estimate: Estimate) -> str:
    """Return what an estimate is based on, in parentheses; an empty string for no estimate."""
    if not estimate.images:
        return ""
    if not estimate.sampled:
        return " (from the last run of these images)"
    if not estimate.measured:
        return f" (from {render.plural(estimate.sampled, 'image')} of similar size)"
    return (
        f" ({estimate.measured:,} from their last run, the others from {render.plural(estimate.sampled, 'image')} of"
        " similar size)"
    )


class ResultsView:
    """Results on both streams: lines, the live line and the summary on stderr; with ``as_json``, an array on stdout.

    With ``all_lines``, print a line for every result, otherwise only for those that need attention.
    """

    def __init__(self, screen: Screen, *, all_lines: bool, as_json: bool) -> None:
        self._screen = screen
        self._all_lines = all_lines
        self._array = JsonArray(wanted=as_json)
        self._attention: list[ReprocessResult] = []
        self._attention_count = 0
        self.backfill = BackfillView(screen)

    @property
    def counts(self) -> Counter[str]:
        """Return the number of results by kind."""
        return self.backfill.counts

    @property
    def outstanding(self) -> int:
        """Return the number of images that were sent or started and have no result yet."""
        return max(self.backfill.expected - self.counts.total(), 0)

    @property
    def needs_attention(self) -> bool:
        """Return whether any result needs an operator."""
        return self._attention_count > 0

    def __enter__(self) -> ResultsView:
        self.backfill.__enter__()
        self._array.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._array.__exit__(kind, error, trace)
        self.backfill.__exit__(kind, error, trace)

    def add(self, result: ReprocessResult) -> None:
        """Show one result."""
        needs_attention = result.needs_attention
        self._attention_count += needs_attention
        if needs_attention and len(self._attention) < _TABLE_ROWS:
            self._attention.append(result)
        self._array.add({"ImageId": result.key, "Result": result.result, "Reason": result.reason})
        line = render.outcome(result.result, result.key, reason=result.reason)
        self.backfill.done(result.result, line if self._all_lines or needs_attention else None)

    def summarize(self) -> None:
        """Print the counts."""
        text = f"{render.plural(self.counts.total(), 'image')}: {render.counts(self.counts)}."
        self._screen.say(text if self.counts else "Nothing to reprocess.")

    def report_stop(self, *, queued: bool) -> None:
        """Report what is done and, with ``queued``, what continues, when a run ends early."""
        if self.counts:
            self.summarize()
        if queued and self.outstanding:
            self._screen.say(
                f"{render.plural(self.outstanding, 'image')} still queued; the queue continues. "
                f"`{safe(suggest('reprocess', '--watch'))}` follows it."
            )

    def list_attention(self) -> None:
        """Print a table of what needs attention, after a run too long to read as it went by."""
        if self._screen.quiet or self.counts.total() <= _READABLE:
            return
        table = render.table("Image", "Result", "Why")
        for result in self._attention:
            table.add_row(Text(printable(result.key)), render.status(result.result), Text(printable(result.reason)))
        self._screen.err.print(table, soft_wrap=False)
        more = self._attention_count - len(self._attention)
        if more > 0:
            failed, refused = (safe(suggest("list", "--status", status)) for status in ("failed", "refused"))
            self._screen.say(f"And {more:,} more: `{failed}`, `{refused}`.")
