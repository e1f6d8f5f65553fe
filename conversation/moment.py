"""One message with all that is known when it comes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cases.model import Block, Case, State
from conversation.content import JAPAN, Content
from conversation.messages import CaseWish, Incoming, Reply, Turn
from conversation.render import Voice
from conversation.state import PersonState


@dataclass(frozen=True)
class Moment:
    """`language` is what is answered in, `own_language` the person's so far. `case` is their case,
    whatever its state; `code` its code, or the one that a case opened now would get. `fresh_key` is
    random, for what is kept as a keyed hash; `block` keeps them from the volunteers, if set;
    `has_held` says that a message is held back until the person's code word comes."""

    incoming: Incoming
    language: str
    own_language: str
    state: PersonState
    case: Case | None
    code: str
    fresh_key: str
    content: Content
    now: dt.datetime
    block: Block | None = None
    has_held: bool = False

    @property
    def voice(self) -> Voice:
        return self.content.voice(self.language, self.now)

    @property
    def today(self) -> dt.date:
        """The day that it is now in Japan."""
        return self.now.astimezone(JAPAN).date()

    @property
    def case_state(self) -> State | None:
        return self.case.state if self.case else None

    @property
    def case_is_open(self) -> bool:
        return self.case_state in (State.WAITING, State.CLAIMED)

    @property
    def writes_to_case(self) -> bool:
        """Whether what the person writes now is passed on: the case is open, or they answer what a
        volunteer sent them. Whatever else they write after the close drags in nobody."""
        if self.state.bot_only or self.is_kept_out:
            return False
        return self.case_is_open or (self.case is not None and self.incoming.answers_volunteer)

    @property
    def is_kept_out(self) -> bool:
        """Whether a coordinator keeps their messages from the volunteers: not from one who has
        taken the case all the same."""
        return self.block is not None and self.case_state is not State.CLAIMED

    @property
    def message_ids(self) -> tuple[int, ...]:
        message_id = self.incoming.message_id
        return () if message_id is None else (message_id,)

    @property
    def recent_ids(self) -> tuple[int, ...]:
        """The person's messages of the last moments, this one among them, oldest first."""
        ids = [each.message_id for each in self.state.recent if each.message_id is not None]
        return tuple(dict.fromkeys([*ids, *self.message_ids]))

    def turn(
        self, *replies: Reply, case: CaseWish | None = None, uncovered: tuple[str, ...] = ()
    ) -> Turn:
        """Return the turn. A chosen language stays, else the last one spoken becomes theirs."""
        keeps = self.state.language_chosen
        language = self.own_language if keeps else self.language
        return Turn(replies, language, self.state, case, uncovered)
