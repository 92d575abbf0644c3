"""What listings reveal about upcoming keys: correct for any keys and any bucket, and used only when cheaper."""

from __future__ import annotations

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from zenoimg.operations.upload.free_keys import Listing, free_keys

KEYS = st.text("ab/.é\U0001f408", min_size=1, max_size=6)


class Bucket:
    """A bucket that lists like S3: after a key, below a prefix, in pages."""

    def __init__(self, keys: set[str], page: int) -> None:
        self._keys = sorted(keys)
        self._page = page
        self.calls = 0

    def read(self, prefix: str, after: str) -> Listing:
        self.calls += 1
        rest = [key for key in self._keys[bisect_right(self._keys, after) :] if key.startswith(prefix)]
        return Listing(rest[: self._page], is_last=len(rest) <= self._page)


@given(wanted=st.lists(KEYS), there=st.sets(KEYS), page=st.integers(1, 5))
def test_an_existing_key_is_never_reported_as_free(wanted: list[str], there: set[str], page: int) -> None:
    free = free_keys(wanted, Bucket(there, page).read)
    assert free <= set(wanted) - there


@given(wanted=st.lists(KEYS), there=st.sets(KEYS))
def test_one_page_covers_all_keys(wanted: list[str], there: set[str]) -> None:
    bucket = Bucket(there, 1000)
    assert free_keys(wanted, bucket.read) == set(wanted) - there
    assert bucket.calls == (1 if wanted else 0)


def test_no_listing_is_made_for_sparse_keys() -> None:
    bucket = Bucket({f"{number:05}.jpg" for number in range(0, 20_000)}, 1000)
    free_keys([f"{number:05}.png" for number in range(0, 20_000, 900)], bucket.read)
    assert bucket.calls == 1


def test_a_long_run_of_keys_takes_one_page_per_thousand() -> None:
    bucket = Bucket({f"{number:05}.jpg" for number in range(20_000)}, 1000)
    wanted = [f"{number:05}.png" for number in range(5_000, 6_000)]
    assert free_keys(wanted, bucket.read) == set(wanted)
    assert bucket.calls <= 2


def test_names_that_are_empty_or_not_utf8_are_left_out() -> None:
    assert free_keys(["\udce9.jpg", "", "a.jpg"], Bucket(set(), 10).read) == {"a.jpg"}
