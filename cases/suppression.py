"""Small counts are not given to others, nor can they be computed from what is given.

Three people in a village are no statistic. Rule 1: a count below five is withheld, 0 too. Rule 2:
where the total and the other counts would tell it all the same, the largest count is withheld with
it. What is withheld looks the same everywhere.

Whoever knows these rules, the total and all that is shown still finds two values at least for each
withheld count of 1 to 4 (`test_suppression.py`): with rule 2 a withheld small count could be one
less and the largest one more; without it the withheld counts could be shared out otherwise.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

SMALL = 5

Key = TypeVar("Key", bound=Hashable)


def total_shown(total: int) -> int | None:
    """Return the total as it may be given; None where it is withheld."""
    return None if total < SMALL else total


def shown(counts: Mapping[Key, int]) -> dict[Key, int | None]:
    """Return the counts as they may be given beside their total; None where one is withheld.

    There must be two counts or more: a single one is its total.
    """
    small = [count for count in counts.values() if count < SMALL]
    withheld = {key for key, count in counts.items() if count < SMALL}
    if len(small) == 1 or sum(small) > len(small) * (SMALL - 1) // 2:
        withheld.add(max(counts, key=lambda key: counts[key]))
    return {key: None if key in withheld else count for key, count in counts.items()}
