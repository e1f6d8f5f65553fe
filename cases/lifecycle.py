"""What may happen to a case, and when.

Rule 1: the table is the whole truth. A step that it does not hold raises, and changes nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cases.deadlines import Limits, next_deadline
from cases.model import Case, Claim, Event, State
from errors import CaseError
from knowledge.schema import URGENT_KINDS

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.WAITING, Event.CLAIM): State.CLAIMED,
    (State.WAITING, Event.RAISE): State.WAITING,
    (State.WAITING, Event.PERSON_WRITES): State.WAITING,
    # A reply is work on the case, so whoever replies first has it.
    (State.WAITING, Event.STAFF_REPLIES): State.CLAIMED,
    (State.WAITING, Event.CLIMB): State.WAITING,
    # To look at the checklist is not to have the case.
    (State.WAITING, Event.CHECKLIST): State.WAITING,
    (State.WAITING, Event.CLOSE): State.CLOSED,
    (State.WAITING, Event.WITHDRAW): State.CLOSED,
    (State.CLAIMED, Event.RAISE): State.CLAIMED,
    (State.CLAIMED, Event.PERSON_WRITES): State.CLAIMED,
    (State.CLAIMED, Event.STAFF_REPLIES): State.CLAIMED,
    (State.CLAIMED, Event.RELEASE): State.WAITING,
    (State.CLAIMED, Event.LAPSE): State.WAITING,
    (State.CLAIMED, Event.CHECKLIST): State.CLAIMED,
    (State.CLAIMED, Event.OFFER): State.CLAIMED,
    (State.CLAIMED, Event.ACCEPT): State.CLAIMED,
    (State.CLAIMED, Event.DECLINE): State.CLAIMED,
    (State.CLAIMED, Event.TAKE_OVER): State.CLAIMED,
    (State.CLAIMED, Event.CLOSE): State.CLOSED,
    (State.CLAIMED, Event.WITHDRAW): State.CLOSED,
    (State.WAITING, Event.BLOCK): State.CLOSED,
    (State.CLAIMED, Event.BLOCK): State.CLOSED,
    (State.CLOSED, Event.BLOCK): State.CLOSED,
    # An alarm may have opened it again meanwhile.
    (State.WAITING, Event.UNBLOCK): State.WAITING,
    (State.CLAIMED, Event.UNBLOCK): State.CLAIMED,
    (State.CLOSED, Event.UNBLOCK): State.CLOSED,
    (State.WAITING, Event.ERASE): State.CLOSED,
    (State.CLAIMED, Event.ERASE): State.CLOSED,
    (State.CLOSED, Event.ERASE): State.CLOSED,
    # Whoever asks again is heard again, also after having said stop.
    (State.CLOSED, Event.RAISE): State.WAITING,
    (State.CLOSED, Event.OPEN): State.WAITING,
    (State.CLOSED, Event.ASK_LATER): State.CLOSED,
    (State.CLOSED, Event.IS_SAFE): State.CLOSED,
    # A volunteer may add something after having closed the case; it stays closed.
    (State.CLOSED, Event.STAFF_REPLIES): State.CLOSED,
}

_CHANGES_HANDS = (Event.ACCEPT, Event.TAKE_OVER)
_ENDS_OFFER = (*_CHANGES_HANDS, Event.DECLINE)


def step(
    case: Case,
    event: Event,
    *,
    now: dt.datetime,
    limits: Limits,
    urgent_kind: str | None = None,
    claim: Claim | None = None,
    offered_to: Claim | None = None,
) -> Case:
    """Return the case after `event`, with its next deadline.

    `urgent_kind` raises the case if it is more urgent than what the case already has. `claim` is
    who acts, for the events of the staff; `offered_to` whom an offer asks. Raises CaseError where
    the table holds no such step.
    """
    state = TRANSITIONS.get((case.state, event))
    if state is None:
        raise CaseError(case.state, event)
    kind = more_urgent(case.urgent_kind, urgent_kind)
    after = replace(case, state=state, urgent_kind=kind, claim=None, offered_to=None)
    if state is State.CLAIMED:
        is_new = case.claim is None or event in _CHANGES_HANDS
        after = replace(after, claim=claim if is_new else case.claim)
        if event not in _ENDS_OFFER:
            offer = offered_to if event is Event.OFFER else case.offered_to
            after = replace(after, offered_to=offer)
    rung, due_at = next_deadline(case, after, event, now, limits)
    return replace(after, rung=rung, due_at=due_at)


def risk(urgent_kind: str | None) -> int:
    """Return how dangerous a case is, to put cases in order: 0 where the person just asked."""
    known = list[str | None](reversed(URGENT_KINDS))
    return known.index(urgent_kind) + 1 if urgent_kind in known else 0


def more_urgent(one: str | None, other: str | None) -> str | None:
    """Return the more urgent of two kinds; None is the least."""
    known = [kind for kind in URGENT_KINDS if kind in (one, other)]
    return known[0] if known else None
