"""How long people wait for a human, as far as it can be known: coarse, and never a promise."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Sequence

# What happened before says little of today.
LATELY = dt.timedelta(days=30)
# Fewer say nothing about the next one.
CASES_MIN = 5
# Up to how many seconds of waiting which word is true.
_WORDS = ((3600.0, "hour"), (6 * 3600.0, "hours"), (24 * 3600.0, "day"))


def usual_wait(waited_s: Sequence[float]) -> str | None:
    """Return `hour`, `hours`, `day` or `days`, for the median of earlier waits; None where they
    are too few."""
    if len(waited_s) < CASES_MIN:
        return None
    median_s = statistics.median(waited_s)
    return next((word for longest_s, word in _WORDS if median_s <= longest_s), "days")
