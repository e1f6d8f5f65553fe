"""A small count stays unknown to whoever knows the total, all that is shown, and the rules."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cases.suppression import SMALL, shown, total_shown


def published(counts: list[int]) -> tuple[int | None, list[int | None]]:
    """Return all that others see of a table."""
    return total_shown(sum(counts)), list(shown(dict(enumerate(counts))).values())


counts_of_a_table = st.lists(
    st.integers(0, 6) | st.just(SMALL - 1) | st.integers(0, 200), min_size=2, max_size=14
)


@given(counts_of_a_table)
@example([4, 4])
@example([4, 4, 20])
@example([4, 4, 4, 4])
@example([5, 5, 4])
@example([1, 1, 50])
@example([3, 100])
@example([2, 0])
def test_each_small_count_could_be_another_one_and_nobody_would_see_a_difference(
    counts: list[int],
) -> None:
    seen = published(counts)
    for at, count in enumerate(counts):
        if 0 < count < SMALL:
            others = [
                [
                    *(
                        each + change * ((number == at) - (number == other))
                        for number, each in enumerate(counts)
                    )
                ]
                for other in range(len(counts))
                for change in (-1, 1)
                if other != at
            ]
            assert any(min(each) >= 0 and published(each) == seen for each in others)


@given(counts_of_a_table)
def test_no_small_count_is_ever_shown_and_a_shown_one_is_true(counts: list[int]) -> None:
    total, seen = published(counts)
    assert total in (None, sum(counts))
    for count, one in zip(counts, seen, strict=True):
        assert one is None or (one == count and one >= SMALL)


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ([40, 12, 7], [40, 12, 7]),
        ([40, 12, 2], [None, 12, None]),
        ([40, 12, 2, 0], [40, 12, None, None]),
        ([40, 4, 3], [None, None, None]),
        ([40, 0, 0, 1], [40, None, None, None]),
    ],
)
def test_what_is_withheld_is_no_more_than_needed(counts: list[int], seen: list[int | None]) -> None:
    assert published(counts)[1] == seen
