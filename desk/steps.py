"""Claim and release a case; reply to the person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from assistant import tell_staff
from cases.deadlines import Limits
from cases.lifecycle import step
from cases.model import Case, Claim, Event, State
from cases.team import Member
from conversation import alerts
from conversation.content import Content
from conversation.render import Voice
from desk.asked import Pressed, RepliedTo, Said, Volunteer
from desk.reach import is_silent, send_or_hold, tell_standing
from errors import CaseError
from metrics import Metrics
from storage.backlog import waited_s
from storage.cases import (
    case_by_code,
    case_of_post,
    case_of_topic,
    is_alert_of_case,
    posts_with_buttons,
    save_step,
)
from storage.database import Database, Transaction
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import Person, person_of_case
from storage.volunteers import meet

ACTIONS = {"claim": Event.CLAIM, "release": Event.RELEASE}
_NOTICES = {
    Event.CLAIM: "staff-claimed",
    Event.RELEASE: "staff-released",
}


@dataclass(frozen=True)
class Desk:
    """Serves the staff. `sent` is called when there is something new in the outbox."""

    database: Database
    content: Content
    limits: Limits
    metrics: Metrics
    sent: Callable[[], None]

    async def press(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Claim or release a case; return what the volunteer is told in a pop-up.

        Only an alert of the case itself moves it. Of two at once one wins, the other is told who.
        Only who has a case, or a coordinator, releases it. Returns None for an update that was
        done before. Raises StorageError.
        """
        volunteer, staff = pressed.volunteer, pressed.volunteer.claim
        voice = self.content.staff_voice(now, volunteer.language)
        async with self.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            await self.meet(tx, volunteer, now)
            case = await case_by_code(tx, pressed.code)
            event = ACTIONS.get(pressed.action)
            if case is None or event is None:
                return voice.label("staff-no-case")
            if not await is_alert_of_case(tx, case.id, *pressed.post):
                return voice.label("staff-not-this-case")
            holder = case.claim or staff
            is_theirs = holder.staff_id == staff.staff_id or volunteer.is_coordinator
            if event is Event.RELEASE and not is_theirs:
                return voice.label("staff-release-not-yours", name=holder.name)
            waited = await waited_s(tx, case, now)
            try:
                await self.move(tx, case, event, staff, now)
            except CaseError:
                return refusal(voice, case)
        self.note_first_step(case, waited)
        self.sent()
        return voice.label("staff-you-have-it") if event is Event.CLAIM else None

    async def move(
        self, tx: Transaction, case: Case, event: Event, staff: Claim, now: dt.datetime
    ) -> Case:
        """Claim, release or close a case; group and person are told. Returns it as it is then.

        Raises CaseError, having changed nothing, where the case stands otherwise.
        """
        after, asks_safe = await self._moved(tx, case, event, staff, now)
        await self.tell_group(tx, case, _NOTICES[event], now, name=staff.name)
        await self.refresh_buttons(tx, after, now, asks_safe)
        return after

    async def deal(
        self, tx: Transaction, case: Case, staff: Claim, now: dt.datetime
    ) -> tuple[Case, alerts.Rows]:
        """Claim a case for a volunteer who is told of it with the buttons that are returned; those
        below its alert change when nothing else is to be sent. Raises CaseError."""
        after, asks_safe = await self._moved(tx, case, Event.CLAIM, staff, now)
        await self.refresh_buttons(tx, after, now, is_awaited=False)
        return after, alerts.buttons(self.content.staff_voice(now), after, asks_safe)

    async def _moved(
        self, tx: Transaction, case: Case, event: Event, staff: Claim, now: dt.datetime
    ) -> tuple[Case, bool]:
        """Keep the step and tell the person; return the case then, and whether first to ask if it
        is safe to write."""
        after = step(case, event, now=now, limits=self.limits, claim=staff)
        await save_step(tx, case, after, event, now, by=staff)
        person = await person_of_case(tx, after)
        await self.tell_person(tx, after, person, now)
        asks_safe = event is Event.CLAIM and person is not None and is_silent(person, now)
        return after, asks_safe

    async def tell_group(
        self, tx: Transaction, case: Case, key: str, now: dt.datetime, **values: str
    ) -> None:
        """Tell the volunteers how a case stands now, once nobody waits for anything else."""
        await tell_staff(tx, self.content, key, case, now, Purpose.STANDING, **values)

    async def meet(self, tx: Transaction, volunteer: Volunteer, now: dt.datetime) -> Member | None:
        """Return the volunteer as the team knows them from now on; None for who acts in the
        group's own name, so that nobody knows who it is."""
        if not volunteer.is_somebody:
            return None
        return await meet(tx, volunteer.claim, now, volunteer.username, volunteer.language)

    async def answer(self, tx: Transaction, said: Said, text: str, now: dt.datetime) -> None:
        """Answer a command where it was written: in the topic of a case, or in the group itself."""
        here, topic_id = said.group_id, said.topic_id
        case = await case_of_topic(tx, here, topic_id) if topic_id is not None else None
        case_id = case.id if case is not None else None
        answer = Outgoing(None, Purpose.NOTICE, text, case_id=case_id, group_id=here)
        await enqueue(tx, answer, now)

    async def pass_on(
        self,
        tx: Transaction,
        case: Case,
        person: Person,
        staff: Claim,
        reply: Outgoing,
        now: dt.datetime,
    ) -> None:
        """Send a volunteer's reply to the person; whoever replies first has the case."""
        after = step(case, Event.STAFF_REPLIES, now=now, limits=self.limits, claim=staff)
        await save_step(tx, case, after, Event.STAFF_REPLIES, now, by=staff)
        if case.state is State.WAITING:
            await self.refresh_buttons(tx, after, now)
            await self.tell_person(tx, after, person, now)
        if not await send_or_hold(tx, self.content, case, person, reply, now):
            await tell_staff(tx, self.content, "staff-held", case, now)

    async def set_aside(self, update_id: int) -> None:
        """Mark an update done that asks for nothing."""
        async with self.database.begin() as tx:
            await finish(tx, update_id)

    def note_first_step(self, case: Case, waited: float | None) -> None:
        """Count for how long the case had nobody, in seconds; None where it was not waiting."""
        if waited is not None:
            self.metrics.first_step(waited, urgent=case.urgent_kind is not None)

    async def refresh_buttons(
        self,
        tx: Transaction,
        case: Case,
        now: dt.datetime,
        asks_safe: bool = False,
        *,
        is_awaited: bool = True,
    ) -> None:
        """Let the buttons below the newest alert of a case, and below the call of a volunteer that
        follows it, be those that it needs now."""
        # Below a closed case nobody waits for a button, nor below an alert that a call follows.
        purpose = Purpose.EDIT if is_awaited and case.state is not State.CLOSED else Purpose.BUTTONS
        keyboard = alerts.buttons(self.content.staff_voice(now), case, asks_safe)
        for post in await posts_with_buttons(tx, case.id):
            edit = Outgoing(None, purpose, keyboard=keyboard, edits=post, case_id=case.id)
            await enqueue(tx, edit, now)
            purpose = Purpose.BUTTONS

    async def tell_person(
        self, tx: Transaction, case: Case, person: Person | None, now: dt.datetime
    ) -> None:
        """Tell the person how their case stands now; see `reach`."""
        await tell_standing(tx, self.content, case, person, now)


def refusal(voice: Voice, case: Case) -> str:
    """Return why a step is not to be had: somebody has the case, or it is closed."""
    if case.state is State.CLAIMED and case.claim:
        return voice.label("staff-claimed-before", name=case.claim.name)
    waits = case.state is State.WAITING
    return voice.label("staff-nobody-has-it" if waits else "staff-closed-before")


async def case_meant(
    tx: Transaction, group_id: int | None, chat_id: int, to: RepliedTo
) -> Case | None:
    """Return the case that a message in a group stands for; None where it is in another group.

    An alert whose arrival Telegram never confirmed stands in the group, but not in our table: its
    buttons say whose it is.
    """
    case = await case_of_post(tx, chat_id, to.message_id)
    if case is None and to.code:
        case = await case_by_code(tx, to.code)
    return case if case is not None and case.group_id == group_id else None
