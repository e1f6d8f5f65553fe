"""What volunteers write below a case's messages goes to the person; everything else is a note."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from html import escape

from assistant import has_hidden
from cases.model import Case
from desk.asked import Wrote
from desk.reach import send_or_hold
from desk.steps import Desk, case_meant
from storage.backlog import waited_s
from storage.cases import case_of_topic
from storage.database import Transaction
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import Person, person_of_case
from storage.relay import Relay

# A reaction that Telegram lets bots use, on what stays among volunteers.
NOTE_MARK = "✍"


@dataclass(frozen=True)
class RelayDesk:
    """Serves the staff beside the desk, whose steps it uses."""

    desk: Desk

    async def reply(self, wrote: Wrote, now: dt.datetime) -> None:
        """Send a staff message to the person if it replies to a case's alert or copied message.

        The person gets a copy without the volunteer's name. Where nobody gets it, because of who
        wrote it, because it would show who they are, because it replies to another message of the
        bot's or because the person hides their chat, the volunteer is told so below it. Raises
        StorageError.
        """
        waited = None
        async with self.desk.database.begin() as tx:
            if not await finish(tx, wrote.update_id):
                return
            if wrote.volunteer is not None:
                await self.desk.meet(tx, wrote.volunteer, now)
            case = await case_meant(tx, wrote.group_id, wrote.post[0], wrote.to)
            person = await person_of_case(tx, case) if case else None
            refused = _refused(wrote, case, person)
            if refused is not None:
                await self._tell(tx, refused, wrote, case, now)
            elif case is not None and person is not None and wrote.volunteer is not None:
                waited = await waited_s(tx, case, now)
                copy = Outgoing(
                    person.chat_id,
                    Purpose.REPLY,
                    copy_of=wrote.post,
                    case_id=case.id,
                    language=person.language,
                    relay=Relay(thread=wrote.to.message_id, album=wrote.album),
                )
                await self.desk.pass_on(tx, case, person, wrote.volunteer.claim, copy, now)
        if case is not None:
            self.desk.note_first_step(case, waited)
        self.desk.sent()

    async def edited(self, wrote: Wrote, now: dt.datetime) -> None:
        """Change what the person got of a reply to its new form; where that cannot be, the
        volunteer is told below it. Raises StorageError."""
        async with self.desk.database.begin() as tx:
            if not await finish(tx, wrote.update_id):
                return
            case = await case_meant(tx, wrote.group_id, wrote.post[0], wrote.to)
            person = await person_of_case(tx, case) if case else None
            if case is None or person is None:
                return
            refused = _refused(wrote, case, person)
            if refused is None and not wrote.text:
                refused = "staff-reply-edited"
            if refused is not None:
                await self._tell(tx, refused, wrote, case, now)
            else:
                change = Relay(mirrors=wrote.post, is_caption=wrote.has_media)
                mirrored = Outgoing(
                    person.chat_id,
                    Purpose.REPLY,
                    escape(wrote.text, quote=False),
                    case_id=case.id,
                    relay=change,
                )
                if not await send_or_hold(tx, self.desk.content, case, person, mirrored, now):
                    await self._tell(tx, "staff-held", wrote, case, now)
        self.desk.sent()

    async def note(
        self,
        update_id: int,
        post: tuple[int, int],
        topic: tuple[int | None, int] | None,
        now: dt.datetime,
    ) -> None:
        """Show on a message in a case's topic (group and topic id) that it stays among volunteers.

        Raises StorageError.
        """
        async with self.desk.database.begin() as tx:
            if not await finish(tx, update_id):
                return
            case = await case_of_topic(tx, *topic) if topic is not None else None
            if case is not None:
                mark = Relay(reply_to=post[1], mark=NOTE_MARK)
                await enqueue(tx, Outgoing(post[0], Purpose.EDIT, relay=mark), now)
        self.desk.sent()

    async def _tell(
        self, tx: Transaction, key: str, wrote: Wrote, case: Case | None, now: dt.datetime
    ) -> None:
        """Write below a volunteer's message what became of it."""
        text = self.desk.content.staff_voice(now).say(key, code=case.code if case else "")
        below = Outgoing(
            None,
            Purpose.NOTICE,
            text,
            case_id=case.id if case else None,
            relay=Relay(reply_to=wrote.post[1]),
            group_id=wrote.group_id,
        )
        await enqueue(tx, below, now)


def _refused(wrote: Wrote, case: Case | None, person: Person | None) -> str | None:
    """Return the key of what a volunteer is told instead of passing their message on; None where
    it is passed on, or where it was never meant to be."""
    if case is None or person is None:
        return "staff-not-passed-on" if wrote.to.ours else None
    if wrote.volunteer is None:
        return "staff-not-sent-stranger"
    if has_hidden(person):
        return "staff-not-sent-hidden"
    return "staff-not-sent-names" if wrote.names_somebody else None
