"""Answers of the knowledge base that a volunteer sends to a person, in the person's language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assistant import has_hidden
from cases.model import Case
from conversation import answers
from desk.asked import Pressed, Said
from desk.cards import case_spoken_of
from desk.steps import Desk
from errors import UncoveredDayError
from storage.backlog import waited_s
from storage.cases import case_by_code, is_list_of_cards, use_list_of_cards
from storage.database import Transaction
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import person_of_case


@dataclass(frozen=True)
class AnswerDesk:
    """Serves the staff beside the desk, whose replies it uses."""

    desk: Desk

    async def look_up(self, said: Said, now: dt.datetime) -> None:
        """Show the answers that fit the words, in the case's topic and in the author's language.

        The group is told where the author may not act, and where the command names no case. Raises
        StorageError.
        """
        content = self.desk.content
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            case, group = await case_spoken_of(tx, said), content.staff_voice(now)
            if said.volunteer is None or case is None:
                key = "staff-only" if said.volunteer is None else "staff-answer-where"
                shown = Outgoing(None, Purpose.NOTICE, group.say(key), group_id=said.group_id)
            else:
                own = content.staff_voice(now, said.volunteer.language)
                topics = answers.fitting(own, content.judge, said.words)
                reply = answers.found(own, case, topics)
                shown = Outgoing(None, Purpose.CARDS, reply.text, reply.buttons, case_id=case.id)
            await enqueue(tx, shown, now)
        self.desk.sent()

    async def send(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Send an answer as the volunteer's reply; return what the pop-up says.

        Only a list that was sent for this case does anything, and it sends one answer. Returns None
        for an update that was done before. Raises StorageError.
        """
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            case = await case_by_code(tx, pressed.code)
            if case is None:
                return voice.label("staff-no-case")
            waited = await waited_s(tx, case, now)
            said = await self._send(tx, case, pressed, now)
        if said == "staff-card-sent-popup":
            self.desk.note_first_step(case, waited)
        self.desk.sent()
        return voice.label(said)

    async def _send(self, tx: Transaction, case: Case, pressed: Pressed, now: dt.datetime) -> str:
        """Send an answer of a list; return the key of what the pop-up says."""
        content, topic_id = self.desk.content, pressed.item
        person = await person_of_case(tx, case)
        is_there = await is_list_of_cards(tx, case.id, *pressed.post)
        if person is None or not is_there or topic_id not in content.knowledge.topics:
            return "staff-answer-used"
        if has_hidden(person):
            return "staff-card-hidden"
        try:
            text = content.voice(person.language, now).answer(topic_id)
        except UncoveredDayError:
            return "staff-card-no-value"
        if not await use_list_of_cards(tx, case.id, *pressed.post):
            return "staff-answer-used"
        reply = Outgoing(
            person.chat_id, Purpose.REPLY, text, case_id=case.id, language=person.language
        )
        by = pressed.volunteer.claim
        await self.desk.pass_on(tx, case, person, by, reply, now)
        left = answers.sent(content.staff_voice(now), case, topic_id, by.name)
        edit = Outgoing(None, Purpose.EDIT, left.text, edits=pressed.post, case_id=case.id)
        await enqueue(tx, edit, now)
        return "staff-card-sent-popup"
