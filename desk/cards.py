"""What a volunteer takes from the shelf for a case: a phrase card for the person, a checklist."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assistant import has_hidden
from cases.lifecycle import step
from cases.model import Case, Claim, Event, State
from conversation import alerts, cards
from conversation.messages import Reply
from conversation.render import Voice
from desk.asked import Pressed, Said
from desk.steps import Desk, case_meant, refusal
from errors import CaseError, UncoveredDayError
from storage.backlog import waited_s
from storage.cases import (
    case_by_code,
    case_of_topic,
    checklist_was_given,
    is_alert_of_case,
    is_list_of_cards,
    save_step,
    use_list_of_cards,
)
from storage.database import Transaction
from storage.history import was_answered_since_claim
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import Person, person_of_case

# The card that is the first to be sent.
SAFE_TO_WRITE = "safe-to-write"


@dataclass(frozen=True)
class CardDesk:
    """Serves the staff beside the desk, whose replies and steps it uses."""

    desk: Desk

    async def say(self, said: Said, now: dt.datetime) -> None:
        """Show the cards that fit the words, or the groups of cards, in the case's topic and in
        the author's language.

        The group is told where the author may not act, and where the command names no case. Raises
        StorageError.
        """
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            case, group = await case_spoken_of(tx, said), self.desk.content.staff_voice(now)
            if said.volunteer is None or case is None:
                key = "staff-only" if said.volunteer is None else "staff-say-where"
                shown = Outgoing(None, Purpose.NOTICE, group.say(key), group_id=said.group_id)
            else:
                own = self.desk.content.staff_voice(now, said.volunteer.language)
                reply = cards.asked(own, group, case, said.words)
                shown = Outgoing(None, Purpose.CARDS, reply.text, reply.buttons, case_id=case.id)
            await enqueue(tx, shown, now)
        self.desk.sent()

    async def press(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Turn a list of cards to a group, or send a card; return what the pop-up says.

        Only a list that was sent for this case does anything, and it sends one card. Returns None
        for an update that was done before. Raises StorageError.
        """
        waited, post = None, pressed.post
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            await self.desk.meet(tx, pressed.volunteer, now)
            case = await case_by_code(tx, pressed.code)
            if case is None:
                return voice.label("staff-no-case")
            if not await is_list_of_cards(tx, case.id, *post):
                return voice.label("staff-say-used")
            if pressed.action == "send":
                waited = await waited_s(tx, case, now)
                refused = await self._send(
                    tx, case, pressed.volunteer.claim, post, pressed.item, now
                )
                if refused is not None:
                    return voice.label(refused)
            else:
                page = _page(voice, case, pressed.action, pressed.item)
                if page is None:
                    return voice.label("staff-say-used")
                await _turn(tx, post, case, page, now)
        self.desk.note_first_step(case, waited)
        self.desk.sent()
        return voice.label("staff-card-sent-popup") if pressed.action == "send" else None

    async def _send(
        self,
        tx: Transaction,
        case: Case,
        staff: Claim,
        post: tuple[int, int],
        card_id: str,
        now: dt.datetime,
    ) -> str | None:
        """Send a card of a list as the volunteer's reply; return the key of the refusal, if it is
        one."""
        person = await person_of_case(tx, case)
        card = self._card(case, person, card_id, now)
        if isinstance(card, str) or person is None:
            return "staff-say-used" if person is None else str(card)
        if not await use_list_of_cards(tx, case.id, *post):
            return "staff-say-used"
        await self.desk.pass_on(tx, case, person, staff, card, now)
        shown = cards.sent(self.desk.content.staff_voice(now), case, card_id, staff.name)
        await _turn(tx, post, case, shown, now)
        return None

    def _card(
        self, case: Case, person: Person | None, card_id: str, now: dt.datetime
    ) -> Outgoing | str:
        """Return a card in the person's language, or the key of why it is not to be sent."""
        if person is None or card_id not in self.desk.content.knowledge.cards.ids:
            return "staff-say-used"
        if has_hidden(person):
            return "staff-card-hidden"
        try:
            text = self.desk.content.voice(person.language, now).card(card_id)
        except UncoveredDayError:
            return "staff-card-no-value"
        return Outgoing(
            person.chat_id, Purpose.REPLY, text, case_id=case.id, language=person.language
        )

    async def ask_safe(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Ask the person whether it is safe to write, once after a claim; return what the pop-up
        says, None for an update that was done before. Raises StorageError.
        """
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            case = await case_by_code(tx, pressed.code)
            if case is None:
                return voice.label("staff-no-case")
            if not await is_alert_of_case(tx, case.id, *pressed.post):
                return voice.label("staff-not-this-case")
            person = await person_of_case(tx, case)
            if case.state is not State.CLAIMED or await was_answered_since_claim(tx, case.id):
                return voice.label("staff-ask-safe-late")
            card = self._card(case, person, SAFE_TO_WRITE, now)
            if isinstance(card, str) or person is None:
                return voice.label(str(card))
            await self.desk.pass_on(tx, case, person, pressed.volunteer.claim, card, now)
            await self.desk.refresh_buttons(tx, case, now)
        self.desk.sent()
        return voice.label("staff-card-sent-popup")

    async def give_checklist(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Put the checklist for the case's kind of danger into its topic, once for each kind.

        Only an alert of the case itself does anything. Returns what the pop-up says, None where
        the checklist comes or the update was done before. Raises StorageError.
        """
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            await self.desk.meet(tx, pressed.volunteer, now)
            case = await case_by_code(tx, pressed.code)
            if case is None:
                return voice.label("staff-no-case")
            if not await is_alert_of_case(tx, case.id, *pressed.post):
                return voice.label("staff-not-this-case")
            text = alerts.checklist(self.desk.content.staff_voice(now), case)
            if text is None or case.urgent_kind is None:
                return voice.label("staff-checklist-none")
            if await checklist_was_given(tx, case.id, case.urgent_kind):
                return voice.label("staff-checklist-there")
            try:
                after = step(case, Event.CHECKLIST, now=now, limits=self.desk.limits)
            except CaseError:
                return refusal(voice, case)
            by = pressed.volunteer.claim
            await save_step(tx, case, after, Event.CHECKLIST, now, by=by)
            await enqueue(tx, Outgoing(None, Purpose.NOTICE, text, case_id=case.id), now)
        self.desk.sent()
        return None


async def case_spoken_of(tx: Transaction, said: Said) -> Case | None:
    """Return the case that a command is about: that of the message it replies to, or its topic's.

    A case whose person was erased is none any more.
    """
    case = await case_meant(tx, said.group_id, said.post[0], said.to) if said.to else None
    if case is None and said.topic_id is not None:
        case = await case_of_topic(tx, said.group_id, said.topic_id)
    return case if case is not None and case.person_id is not None else None


def _page(voice: Voice, case: Case, action: str, name: str) -> Reply | None:
    return cards.groups(voice, case) if action == "groups" else cards.group(voice, case, name)


async def _turn(
    tx: Transaction, post: tuple[int, int], case: Case, page: Reply, now: dt.datetime
) -> None:
    """Let a list of cards show something else."""
    edit = Outgoing(None, Purpose.EDIT, page.text, page.buttons, edits=post, case_id=case.id)
    await enqueue(tx, edit, now)
