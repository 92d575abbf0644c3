"""When AWS calls are retried: one policy for every version of botocore.

botocore's own retries differ between versions (``standard`` in 1.44 gives up within a second, and shares a token
bucket among all calls of a client), so clients are created with a single attempt, and ``Retries.install`` adds this
policy through botocore's ``needs-retry`` event:

- Transient failures (``service.is_transient``) are retried for ``patience`` seconds after the first failure.
- If no server responds at all (unknown host, refused connection), for ``unreachable_patience`` seconds.
- In a function, where nobody is watching progress, until shortly before its timeout (``deadline``).
- Delays double from 0.1 to 5 s, each with full jitter, so that many calls are not retried at the same moment.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, ProxyConnectionError
from botocore.session import get_session

from zenoimg.pipeline.calls.service import is_transient, is_transient_code

#: One attempt per botocore call, since this module decides about retries.
SINGLE_ATTEMPT: Mapping[str, Any] = {"mode": "standard", "total_max_attempts": 1}

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_REPORT_AFTER = 3.0  # seconds: shorter outages need no line
_RESERVE = 5.0  # seconds: time to record and log a failure
_STARTED = "zenoimg_first_failure"  # key in the request context, which all attempts share


@dataclass
class Retries:
    """The policy of one process, and how long outages are reported."""

    patience: float = 30.0
    """Seconds after a call's first failure during which it is retried."""
    unreachable_patience: float = 5.0
    report: Callable[[str], None] = lambda text: None
    """Called with one line once an outage has lasted three seconds, at most once per ``patience`` seconds."""
    deadline: float | None = None
    """Time of ``clock`` after which nothing is retried, because a function's timeout takes precedence."""
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[float, float], float] = random.uniform
    _reported: float | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def install(self, client: Any) -> None:
        """Retry the calls of a client that was created with ``SINGLE_ATTEMPT``."""
        client.meta.events.register("needs-retry.*", self._needs_retry, unique_id="zenoimg-retries")

    def wait_before(self, failure: Failure, elapsed: float, attempts: int) -> float | None:
        """Return the seconds to wait before the next attempt, or ``None`` if there is none.

        ``elapsed`` is the time since the call's first failure, ``attempts`` the number of attempts made.
        """
        patience = min(self.patience, self.unreachable_patience) if failure.is_unreachable else self.patience
        left = patience - elapsed
        if self.deadline is not None:
            left = min(left, self.deadline - self.clock())
        if not failure.is_transient or left <= 0:
            return None
        longest = min(_FIRST_WAIT * 2.0 ** min(attempts - 1, 16), _LONGEST_WAIT)
        return min(self.jitter(longest / 2, longest), left)

    def _needs_retry(
        self,
        response: tuple[Any, Mapping[str, Any]] | None,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: Mapping[str, Any],
        operation: Any,
        **_: Any,
    ) -> float | None:
        failure = failure_of(response, caught_exception)
        if failure is None:
            return None
        now = self.clock()
        elapsed = now - request_dict["context"].setdefault(_STARTED, now)
        wait = self.wait_before(failure, elapsed, attempts)
        if wait is not None and elapsed >= _REPORT_AFTER:
            self._report(now, f"{operation.name} failed ({failure.reason}); retrying for up to {self.patience:.0f} s.")
        return wait

    def _report(self, now: float, text: str) -> None:
        with self._lock:  # many threads encounter the same outage
            if self._reported is not None and now - self._reported < self.patience:
                return
            self._reported = now
        self.report(text)


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed. ``is_unreachable``: no server responded at its address."""

    reason: str
    is_transient: bool
    is_unreachable: bool = False


def failure_of(response: tuple[Any, Mapping[str, Any]] | None, error: Exception | None) -> Failure | None:
    """Return why an attempt failed, from the arguments of ``needs-retry``; ``None`` if it succeeded."""
    if error is not None:
        unreachable = isinstance(error, EndpointConnectionError | ProxyConnectionError)
        return Failure(type(error).__name__, is_transient(error), unreachable)
    if response is None:
        return None
    http, parsed = response
    code = str(parsed.get("Error", {}).get("Code", ""))
    if http.status_code < 400 and not code:
        return None
    return Failure(code or str(http.status_code), http.status_code >= 500 or is_transient_code(code))


class FunctionClients:
    """botocore clients for a Lambda function; importing boto3, which is not needed here, would slow its cold start.

    A call is retried until ``_RESERVE`` seconds before the invocation's timeout, which ``begin`` reads.
    """

    def __init__(self, *, read_timeout: float) -> None:
        """``read_timeout`` is how long one attempt waits for a response, in seconds."""
        self._retries = Retries(patience=math.inf, unreachable_patience=math.inf)
        self._config = Config(retries=dict(SINGLE_ATTEMPT), connect_timeout=5, read_timeout=read_timeout)  # type: ignore[arg-type]
        self._session: Any = None

    def begin(self, remaining_milliseconds: int) -> None:
        """Set the deadline from the remaining time of an invocation."""
        self._retries.deadline = self._retries.clock() + remaining_milliseconds / 1000 - _RESERVE

    def create(self, service: str) -> Any:
        """Return a new client of a service."""
        self._session = self._session or get_session()
        client = self._session.create_client(service, config=self._config)
        self._retries.install(client)
        return client
