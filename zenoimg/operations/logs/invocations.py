"""Find the invocation of log events that do not contain their request id.

The runtime's ``[ERROR]`` event for an unhandled exception has no request id (awslambdaric
4.2.2). A log stream belongs to one execution environment, which runs one invocation at a time, so the platform's
START and END lines around such an event identify its request.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from zenoimg.operations.logs.follow import LogEvent

#: Number of invocations remembered per stream, for events that arrive after their END line; number of streams.
_INVOCATIONS, _STREAMS = 100, 1000

_BOUNDARY = re.compile(r"(START|END|REPORT) RequestId: ([0-9a-f-]{36})")


@dataclass
class _Invocation:
    """A time span in one stream, in milliseconds since 1970; ``end`` is ``None`` while it is open."""

    request_id: str
    start: int
    end: int | None = None


def with_requests(events: Iterable[LogEvent]) -> Iterator[LogEvent]:
    """Yield the same events, each with the id of its invocation, if known."""
    streams: dict[tuple[str, str], deque[_Invocation]] = {}
    for event in events:
        invocations = streams.setdefault((event.source, event.stream), deque(maxlen=_INVOCATIONS))
        if len(streams) > _STREAMS:
            del streams[next(iter(streams))]  # the stream that appeared first
        boundary = _BOUNDARY.match(event.message)
        if boundary is None:
            yield replace(event, request_id=_request_at(invocations, event.at))
            continue
        kind, request_id = boundary[1], boundary[2]
        yield replace(event, request_id=request_id)
        if kind == "START":
            invocations.append(_Invocation(request_id, event.at))
            continue
        for invocation in invocations:
            if invocation.request_id == request_id and invocation.end is None:
                invocation.end = event.at


def _request_at(invocations: deque[_Invocation], at: int) -> str:
    """Return the request running at a time: the open invocation, or else the latest closed one that spans it."""
    for invocation in reversed(invocations):
        if invocation.start <= at and (invocation.end is None or at <= invocation.end):
            return invocation.request_id
    return ""
