"""The board that is pinned in the staff group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cases.model import State
from cases.queue import Queued, by_risk
from conversation.messages import Reply
from conversation.render import Voice
from conversation.team import line

# Telegram shows at most a hundred links in a message, and 4096 characters without markup; a line
# has at most about ninety.
LINES_MAX = 40


def board(
    voice: Voice, queue: Sequence[Queued], on_duty: int, chat_id: int, now: dt.datetime
) -> Reply:
    """Return the open cases, first those that wait, the most urgent first; with a button that deals
    the next."""
    ordered = by_risk(queue)
    waiting = [each for each in ordered if each.case.state is State.WAITING]
    taken = [each for each in ordered if each.case.state is not State.WAITING]
    counts = {"waiting": str(len(waiting)), "taken": str(len(taken)), "on_duty": str(on_duty)}
    shown = [*waiting, *taken][:LINES_MAX]
    lines = [f"<b>{voice.say('staff-board', **counts)}</b>"]
    lines += [line(voice, each, chat_id, now) for each in shown]
    more = len(queue) - len(shown)
    if more:
        lines.append(voice.say("staff-board-more", count=str(more)))
    return Reply("\n".join(lines), ((voice.button("staff-next-button", "queue:next"),),))
