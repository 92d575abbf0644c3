"""Format the results of an upload: a line for each, a summary, JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Line, Screen, safe
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.upload.run import UploadResult

#: The maximum number of results listed again at the end.
_LISTED = 1000


@dataclass
class Tally:
    """Counts by state, and only the first results that need attention, since there may be a million files."""

    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    subfolders: int = 0  # skipped without --recursive
    attention: list[UploadResult] = field(default_factory=list)
    unlisted: int = 0
    left: int = 0  # stored, but not processed when the command ended

    def add(self, result: UploadResult) -> None:
        """Count a result."""
        self.counts[result.state] += 1
        self.left += result.state == "uploaded" or (result.state == "unchanged" and result.record is None)
        if result.needs_attention:
            if len(self.attention) < _LISTED:
                self.attention.append(result)
            else:
                self.unlisted += 1


def line_of(result: UploadResult) -> Line:
    """Return the line for a result."""
    from zenoimg.operations.output.targets import unsafe

    facts = [render.size(result.size)] if result.size else []
    if facts and result.record is not None and result.state == "processed":
        facts[0] += f" in {result.seconds:.1f} s"
    notes = list(result.record.warnings) if result.record else []
    if result.is_stored and (reason := unsafe(result.key)):
        by_name = suggest("download", "-o", "FILE", ids=[result.key])
        notes.append(f"download will need a file name (`{by_name}`): {reason}")
    return render.outcome(result.state, result.key, *facts, reason=result.reason, notes=notes)


def summary(screen: Screen, tally: Tally, *, outstanding: list[str], ended_by: BaseException | None = None) -> None:
    """Print the counts and what needs attention.

    ``outstanding`` lists the ids that are not processed yet, and ``ended_by`` what ended the run early.
    """
    total = tally.counts.total()
    screen.say(f"{render.plural(total, 'photo')}: {render.counts(tally.counts)}.")
    if tally.skipped:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in tally.skipped.most_common())
        screen.say(f"Skipped by name: {safe(kinds)}.")
    if tally.subfolders:
        screen.say(f"Skipped: {render.plural(tally.subfolders, 'subfolder')}; --recursive includes them.")
    if outstanding:
        screen.say(f"Sent but not processed yet: {len(outstanding):,}. {_prospect(ended_by)}")
    if tally.attention and (total > 10 or screen.quiet):  # after a short run they are still visible above
        screen.say("Action needed:")
        for result in tally.attention:
            screen.line(line_of(result), always=True)
        if tally.unlisted:
            screen.line([(f"And {tally.unlisted:,} more; --json lists all.", "")], always=True)


def _prospect(ended_by: BaseException | None) -> str:
    """Return what becomes of photos that are sent: after an error, nobody knows whether the pipeline still runs."""
    if ended_by is None or isinstance(ended_by, KeyboardInterrupt):
        return "The pipeline continues to process them."
    return f"`{safe(suggest('status', '--check'))}` finds those that are left unprocessed."


def json_of(result: UploadResult, *, is_stdin: bool) -> dict[str, Any]:
    """Return a result for ``--json``."""
    from zenoimg.pipeline.records import to_json

    return {
        "Path": "-" if is_stdin else str(result.path),
        "ImageId": result.key,
        "Result": result.state,
        "Reason": result.reason,
        "OriginalSize": result.size,
        "Seconds": round(result.seconds, 3),
        "Record": None if result.record is None else to_json(result.record),
    }
