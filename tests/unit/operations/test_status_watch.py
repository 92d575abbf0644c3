"""``status --watch`` survives a lost connection, but no other error."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from zenoimg.errors import ZenoError
from zenoimg.operations.health.watch import watch

LOST = EndpointConnectionError(endpoint_url="https://sqs")
THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": "m"}}, "GetQueueAttributes")
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "m"}}, "GetQueueAttributes")


def watched(*reads: Any) -> list[Any]:
    """Return the result of each read, or the class of its error; check the waits in between."""
    left = list(reads)
    waits: list[float] = []

    def read() -> Any:
        current = left.pop(0)
        if isinstance(current, Exception):
            raise current
        return current

    statuses = list(islice(watch(read, waits.append), len(reads)))
    assert waits == [2.0] * (len(reads) - 1)
    return [type(status) if isinstance(status, Exception) else status for status in statuses]


@pytest.mark.parametrize("error", [LOST, THROTTLED])
def test_the_status_is_shown_again_after_a_temporary_error(error: Exception) -> None:
    results = watched("one", error, error, "two")
    assert (results[0], results[3]) == ("one", "two")
    assert all(issubclass(result, ZenoError) for result in results[1:3])


@pytest.mark.parametrize("error", [DENIED, NoCredentialsError()])
def test_a_permanent_error_ends_the_watch(error: Exception) -> None:
    with pytest.raises(type(error)):
        watched("one", error, "two")


def test_a_first_read_that_fails_ends_the_watch() -> None:
    with pytest.raises(EndpointConnectionError):
        watched(LOST, "one")
