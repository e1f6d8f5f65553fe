"""How long a case may stand as it is, for tests that need no content."""

from __future__ import annotations

from cases.deadlines import Limits
from knowledge.schema import URGENT_KINDS

LEASE_MIN = 30
OF_DANGER_MIN, OF_VIOLENCE_MIN, OF_A_REQUEST_MIN = (2, 4, 8), (5, 10, 15), (60, 120, 240)

LIMITS = Limits.of_minutes(
    LEASE_MIN,
    {
        None: OF_A_REQUEST_MIN,
        **dict.fromkeys(URGENT_KINDS, OF_VIOLENCE_MIN),
        "immediate-danger": OF_DANGER_MIN,
    },
)
