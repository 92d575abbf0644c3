from __future__ import annotations

import pytest

from zenoimg.imaging.formats.sampling import Factors, sampling_of


@pytest.mark.parametrize(
    ("components", "name"),
    [
        ([(1, 1), (1, 1), (1, 1)], "4:4:4"),
        ([(2, 2), (2, 2), (2, 2)], "4:4:4"),
        ([(2, 1), (1, 1), (1, 1)], "4:2:2"),
        ([(2, 2), (1, 2), (1, 2)], "4:2:2"),
        ([(2, 2), (1, 1), (1, 1)], "4:2:0"),
        ([(4, 2), (2, 1), (2, 1)], "4:2:0"),
        ([(1, 2), (1, 1), (1, 1)], None),
        ([(4, 1), (1, 1), (1, 1)], None),
        ([(2, 2), (1, 1), (1, 2)], None),
        ([(3, 2), (2, 1), (2, 1)], None),
        ([(2, 2), (0, 1), (0, 1)], None),
        ([(1, 1)], None),
    ],
)
def test_the_sampling_is_named_by_the_ratio_of_luma_to_chroma(components: list[Factors], name: str | None) -> None:
    assert sampling_of(components) == name
