"""Dealing the queue: the next case for a volunteer, and the cases that they have."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from html import escape

from cases.model import Case, Event, State
from cases.queue import Queued, by_risk, dealt_to, of_group
from cases.team import Member
from conversation import alerts, team
from conversation.render import Voice
from desk.asked import Pressed, Said, Volunteer
from desk.steps import Desk
from storage.backlog import waited_s
from storage.cases import alert_of_case, locked_case
from storage.database import Transaction
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.queue import alerts_to_come, open_queue
from storage.volunteers import whole_team


@dataclass(frozen=True)
class Dealt:
    """The case that a volunteer has now, and for how long it had nobody; None where no case fits
    them, with the languages of those that wait all the same, and how many are `to_come`. `buttons`
    are for whoever is told of it in its topic."""

    case: Case | None
    waited_s: float
    others: tuple[str, ...] = ()
    to_come: int = 0
    buttons: alerts.Rows = ()


@dataclass(frozen=True)
class QueueDesk:
    """Serves the staff beside the desk, whose steps it uses."""

    desk: Desk

    async def next(self, said: Said, now: dt.datetime) -> None:
        """Deal the author the most urgent case that fits them. Raises StorageError."""
        voice = self.desk.content.staff_voice(now)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            if said.volunteer is None:
                dealt, text = None, voice.say("staff-only")
            else:
                dealt = await self._deal(tx, said.volunteer, said.group_id, now, in_topic=False)
                text = await _told(tx, voice, said.volunteer, dealt)
            await self.desk.answer(tx, said, text, now)
        self._note(dealt)

    async def press_next(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Deal a case by the button below the board; return what the pop-up says, None for an
        update that was done before. Raises StorageError."""
        voice = self.desk.content.staff_voice(now)
        own = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            dealt = await self._deal(tx, pressed.volunteer, pressed.group_id, now, in_topic=True)
            if dealt.case is not None:
                text = await _told(tx, voice, pressed.volunteer, dealt)
                told = Outgoing(None, Purpose.DEALT, text, dealt.buttons, case_id=dealt.case.id)
                await enqueue(tx, told, now)
        self._note(dealt)
        if dealt.case is None:
            return _nothing(own, dealt)
        return own.label("staff-next-popup", code=dealt.case.code)

    async def mine(self, said: Said, now: dt.datetime) -> None:
        """Tell the author which cases they have. Raises StorageError."""
        voice = self.desk.content.staff_voice(now)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            if said.volunteer is None:
                text = voice.say("staff-only")
            else:
                claim = said.volunteer.claim
                await self.desk.meet(tx, said.volunteer, now)
                theirs = held_by(of_group(await open_queue(tx), said.group_id), claim.staff_id)
                lines = [team.line(voice, each, said.post[0], now) for each in by_risk(theirs)]
                key = "staff-mine" if lines else "staff-mine-none"
                text = "\n".join([f"<b>{voice.say(key, name=claim.name)}</b>", *lines])
            await self.desk.answer(tx, said, text, now)
        self.desk.sent()

    async def _deal(
        self,
        tx: Transaction,
        volunteer: Volunteer,
        group_id: int | None,
        now: dt.datetime,
        *,
        in_topic: bool,
    ) -> Dealt:
        """Claim the first waiting case of the group that fits the volunteer and that nobody claims
        at the same moment.

        Where so many write at once that their alerts wait to be sent, only whoever can be answered
        is dealt: a volunteer who waits for an alert is missing where there is danger.
        """
        met = await self.desk.meet(tx, volunteer, now)
        member = met or Member(0, volunteer.claim)
        here = of_group(await open_queue(tx), group_id)
        to_come = await alerts_to_come(tx)
        all_waiting = [each for each in here if each.case.state is State.WAITING]
        waiting = [each for each in all_waiting if each.case.id not in to_come]
        team = await whole_team(tx)
        for queued in dealt_to(member, team, waiting, now):
            case = await locked_case(tx, queued.case.id)
            if case is not None and case.state is State.WAITING:
                waited = await waited_s(tx, case, now) or 0.0
                if in_topic:
                    after, buttons = await self.desk.deal(tx, case, volunteer.claim, now)
                    return Dealt(after, waited, buttons=buttons)
                after = await self.desk.move(tx, case, Event.CLAIM, volunteer.claim, now)
                return Dealt(after, waited)
        languages = sorted({each.case.language for each in waiting})
        coming = [each for each in all_waiting if each.case.id in to_come]
        theirs = dealt_to(member, team, coming, now)
        return Dealt(None, 0.0, tuple(languages), len(theirs))

    def _note(self, dealt: Dealt | None) -> None:
        if dealt is not None and dealt.case is not None:
            self.desk.note_first_step(dealt.case, dealt.waited_s)
        self.desk.sent()


def held_by(queue: list[Queued], staff_id: int) -> list[Queued]:
    """Return the cases of the queue that a volunteer has."""
    return [each for each in queue if each.case.claim and each.case.claim.staff_id == staff_id]


async def _told(tx: Transaction, voice: Voice, volunteer: Volunteer, dealt: Dealt) -> str:
    """Return what the group reads: who has which case now, with the way to it; or why none."""
    case = dealt.case
    if case is None:
        return f"{alerts.mention(volunteer.claim)}: {escape(_nothing(voice, dealt), quote=False)}"
    alert = await alert_of_case(tx, case.id)
    code = f"<b>{case.code}</b>"
    if alert is not None:
        code = team.link(code, alert[0], case.topic_id, alert[1])
    said = voice.say(
        "staff-next",
        kind=alerts.kind_name(voice, case),
        language=case.language,
        waits=team.duration(voice, dealt.waited_s),
    )
    return f"{alerts.mention(volunteer.claim)}: {code} {said}"


def _nothing(voice: Voice, dealt: Dealt) -> str:
    if dealt.to_come:
        return voice.label("staff-next-to-come", count=str(dealt.to_come))
    if not dealt.others:
        return voice.label("staff-next-nothing")
    return voice.label("staff-next-others", languages=", ".join(dealt.others))
