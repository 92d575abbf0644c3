"""What listings reveal about the keys ahead: correct for any keys and any bucket, and cheap when it pays off."""

from __future__ import annotations

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from zenoimg.operations.upload.free_keys import Listing, free_keys

KEYS = st.text("ab/.é\U0001f408", min_size=1, max_size=6)


class Bucket:
    """Lists as S3 does: after a key, below a prefix, so many a page."""

    def __init__(self, keys: set[str], page: int) -> None:
        self._keys = sorted(keys)
        self._page = page
        self.calls = 0

    def read(self, prefix: str, after: str) -> Listing:
        self.calls += 1
        rest = [key for key in self._keys[bisect_right(self._keys, after) :] if key.startswith(prefix)]
        return Listing(rest[: self._page], is_last=len(rest) <= self._page)


@given(wanted=st.lists(KEYS), there=st.sets(KEYS), page=st.integers(1, 5))
def test_no_key_that_is_there_is_called_free(wanted: list[str], there: set[str], page: int) -> None:
    free = free_keys(wanted, Bucket(there, page).read)
    assert free <= set(wanted) - there


@given(wanted=st.lists(KEYS), there=st.sets(KEYS))
def test_one_page_tells_of_all(wanted: list[str], there: set[str]) -> None:
    bucket = Bucket(there, 1000)
    assert free_keys(wanted, bucket.read) == set(wanted) - there
    assert bucket.calls == (1 if wanted else 0)


def test_keys_that_lie_far_apart_among_many_are_not_listed_for() -> None:
    bucket = Bucket({f"{number:05}.jpg" for number in range(0, 20_000)}, 1000)
    free_keys([f"{number:05}.png" for number in range(0, 20_000, 900)], bucket.read)
    assert bucket.calls == 1


def test_a_long_run_beside_many_takes_a_page_for_each_thousand() -> None:
    bucket = Bucket({f"{number:05}.jpg" for number in range(20_000)}, 1000)
    wanted = [f"{number:05}.png" for number in range(5_000, 6_000)]
    assert free_keys(wanted, bucket.read) == set(wanted)
    assert bucket.calls <= 2


def test_a_name_that_is_no_utf8_and_an_empty_one_are_left_out() -> None:
    assert free_keys(["\udce9.jpg", "", "a.jpg"], Bucket(set(), 10).read) == {"a.jpg"}
