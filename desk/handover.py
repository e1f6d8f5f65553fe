"""A case goes from hand to hand: to a colleague who accepts, or to a coordinator who takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cases.lifecycle import step
from cases.model import Case, Claim, Event, State
from cases.queue import of_group
from cases.team import Member
from conversation import alerts
from conversation.messages import Button
from conversation.render import Voice
from desk.asked import Pressed, Said, Volunteer
from desk.cards import case_spoken_of
from desk.queue import held_by
from desk.steps import Desk, refusal
from errors import CaseError
from storage.cases import case_by_code, is_alert_of_case, locked_case, save_step
from storage.database import Transaction
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.queue import open_queue
from storage.volunteers import member_by_id, whole_team

# More names would not fit below a message.
_CHOICES_MAX = 20


@dataclass(frozen=True)
class HandOver:
    """Serves the staff beside the desk. Each method raises StorageError; what a press returns is
    the pop-up, None where there is none or the update was done before."""

    desk: Desk

    async def ask(self, said: Said, now: dt.datetime) -> None:
        """`/handover`: ask the colleague who is named, or whose message it replies to; show whom
        there is to ask where it names nobody that the bot knows."""
        voice = self.desk.content.staff_voice(now)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            if said.volunteer is None:
                await self.desk.answer(tx, said, voice.say("staff-only"), now)
            else:
                await self.desk.meet(tx, said.volunteer, now)
                case, words = await _case_and_words(tx, said, said.volunteer)
                refused = _may_offer(voice, case, said.volunteer)
                if case is None or refused is not None:
                    text = refused or voice.label("staff-handover-where")
                    await self.desk.answer(tx, said, escape(text, quote=False), now)
                else:
                    colleague = await _colleague(tx, case, said, words)
                    await self._offer_or_show(tx, case, said.volunteer, colleague, now)
        self.desk.sent()

    async def choose(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """The button below an alert: show whom there is to ask."""
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            case = await case_by_code(tx, pressed.code)
            if case is None or not await is_alert_of_case(tx, case.id, *pressed.post):
                return voice.label("staff-not-this-case" if case else "staff-no-case")
            refused = _may_offer(voice, case, pressed.volunteer)
            if refused is not None:
                return refused
            await self._offer_or_show(tx, case, pressed.volunteer, None, now)
        self.desk.sent()
        return None

    async def offer(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """The button with a colleague's name: ask them."""
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            case = await case_by_code(tx, pressed.code)
            chosen = await member_by_id(tx, int(pressed.item)) if pressed.item.isdigit() else None
            if case is None or chosen is None:
                return voice.label("staff-no-case" if case is None else "staff-handover-gone")
            refused = _may_offer(voice, case, pressed.volunteer)
            if refused is not None:
                return refused
            await _without_buttons(tx, pressed.post, case, now)
            await self._offer_or_show(tx, case, pressed.volunteer, chosen.claim, now)
        self.desk.sent()
        return None

    async def accept(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """The colleague takes the case over: nobody else can."""
        return await self._answer(pressed, Event.ACCEPT, now)

    async def decline(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """The colleague does not, or whoever has the case thought better of it."""
        return await self._answer(pressed, Event.DECLINE, now)

    async def _answer(self, pressed: Pressed, event: Event, now: dt.datetime) -> str | None:
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        by = pressed.volunteer.claim
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            await self.desk.meet(tx, pressed.volunteer, now)
            case = await case_by_code(tx, pressed.code)
            if case is None:
                return voice.label("staff-no-case")
            asked, holder = case.offered_to, case.claim
            if asked is None or holder is None:
                return voice.label("staff-handover-over")
            may = {asked.staff_id} | ({holder.staff_id} if event is Event.DECLINE else set())
            if by.staff_id not in may:
                return voice.label("staff-handover-not-yours", name=asked.name)
            key = "staff-handed-over" if event is Event.ACCEPT else "staff-handover-declined"
            await self._change(tx, case, event, by, key, now)
            await _without_buttons(tx, pressed.post, case, now)
        self.desk.sent()
        return voice.label("staff-you-have-it") if event is Event.ACCEPT else None

    async def press_take_over(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """A coordinator takes a case from whoever has it."""
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            case = await case_by_code(tx, pressed.code)
            if case is None or not await is_alert_of_case(tx, case.id, *pressed.post):
                return voice.label("staff-not-this-case" if case else "staff-no-case")
            refused = await self._take_over(tx, voice, case, pressed.volunteer, now)
        self.desk.sent()
        return refused or voice.label("staff-you-have-it")

    async def take_over(self, said: Said, now: dt.datetime) -> None:
        """`/takeover`, in a case's topic or as a reply to its alert."""
        voice = self.desk.content.staff_voice(now)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            spoken_of = await case_spoken_of(tx, said)
            case = await locked_case(tx, spoken_of.id) if spoken_of else None
            if said.volunteer is None or case is None:
                key = "staff-only" if said.volunteer is None else "staff-takeover-where"
                refused: str | None = voice.label(key)
            else:
                refused = await self._take_over(tx, voice, case, said.volunteer, now)
            if refused is not None:
                await self.desk.answer(tx, said, escape(refused, quote=False), now)
        self.desk.sent()

    async def _take_over(
        self, tx: Transaction, voice: Voice, case: Case, volunteer: Volunteer, now: dt.datetime
    ) -> str | None:
        """Take the case over and tell who had it; return why not, if not."""
        if not volunteer.is_coordinator:
            return voice.label("staff-takeover-coordinators")
        if case.claim is not None and case.claim.staff_id == volunteer.claim.staff_id:
            return voice.label("staff-you-have-it")
        await self.desk.meet(tx, volunteer, now)
        try:
            by = volunteer.claim
            await self._change(tx, case, Event.TAKE_OVER, by, "staff-taken-over", now)
        except CaseError:
            return refusal(voice, case)
        return None

    async def _change(
        self, tx: Transaction, case: Case, event: Event, by: Claim, key: str, now: dt.datetime
    ) -> None:
        """Keep the step, tell both and the group. Raises CaseError where there is none such."""
        after = step(case, event, now=now, limits=self.desk.limits, claim=by)
        await save_step(tx, case, after, event, now, by=by)
        before = case.claim or by
        said = self.desk.content.staff_voice(now).say(
            key, code=case.code, name=by.name, holder=before.name
        )
        # Both are mentioned, so that Telegram tells each of them.
        both = ", ".join(alerts.mention(each) for each in dict.fromkeys((before, by)))
        text = f"{said}\n{both}"
        await enqueue(tx, Outgoing(None, Purpose.NOTICE, text, case_id=case.id), now)
        await self.desk.refresh_buttons(tx, after, now)

    async def _offer_or_show(
        self,
        tx: Transaction,
        case: Case,
        by: Volunteer,
        colleague: Claim | None,
        now: dt.datetime,
    ) -> None:
        """Ask the colleague; where none is named, show whom there is to ask."""
        voice, holder = self.desk.content.staff_voice(now), case.claim or by.claim
        if colleague is None:
            shown = _choices(voice, case, await whole_team(tx), now)
        else:
            after = step(
                case, Event.OFFER, now=now, limits=self.desk.limits, claim=by.claim,
                offered_to=colleague,
            )  # fmt: skip
            await save_step(tx, case, after, Event.OFFER, now, by=by.claim)
            kind = alerts.kind_name(voice, case)
            said = voice.say("staff-handover-asked", code=case.code, kind=kind, holder=holder.name)
            buttons = (
                voice.button("staff-accept", f"hand:accept:{case.code}"),
                voice.button("staff-decline", f"hand:decline:{case.code}"),
            )
            text = f"🤝 {alerts.mention(colleague)}: {said}"
            shown = Outgoing(None, Purpose.NOTICE, text, (buttons,), case_id=case.id)
        await enqueue(tx, shown, now)


async def _case_and_words(
    tx: Transaction, said: Said, volunteer: Volunteer
) -> tuple[Case | None, str]:
    """Return the case that is meant, and the words that are left: the one that a code names, that
    of the topic or of the message replied to, or the only one that the author has."""
    first, _, rest = said.words.partition(" ")
    named = await case_by_code(tx, first.upper()) if first else None
    if named is not None:
        return named if named.group_id == said.group_id else None, rest
    spoken_of = await case_spoken_of(tx, said)
    if spoken_of is None:
        theirs = held_by(of_group(await open_queue(tx), said.group_id), volunteer.claim.staff_id)
        spoken_of = theirs[0].case if len(theirs) == 1 else None
    return await locked_case(tx, spoken_of.id) if spoken_of else None, said.words


def _may_offer(voice: Voice, case: Case | None, volunteer: Volunteer) -> str | None:
    """Return why somebody may not hand a case over, if they may not."""
    if case is None:
        return None
    if case.state is not State.CLAIMED or case.claim is None:
        return refusal(voice, case)
    if volunteer.is_coordinator or case.claim.staff_id == volunteer.claim.staff_id:
        return None
    return voice.label("staff-release-not-yours", name=case.claim.name)


async def _colleague(tx: Transaction, case: Case, said: Said, words: str) -> Claim | None:
    """Return the one colleague who is named, or whose message is replied to; None where it is
    nobody's or more than one's name."""
    author = said.to.author if said.to else None
    named = [each.claim for each in await whole_team(tx) if each.is_named(words)]
    found = named if words.strip() else [author] if author else []
    others = [claim for claim in found if claim != case.claim]
    return others[0] if len(others) == 1 else None


def _choices(voice: Voice, case: Case, members: Sequence[Member], now: dt.datetime) -> Outgoing:
    """Return whom there is to ask: those on duty, or all who are not away where nobody is."""
    others = [each for each in members if each.claim != case.claim and not each.is_away(now)]
    asked = [each for each in others if each.is_on_duty(now)] or others
    rows = tuple(
        (Button(each.claim.name, f"hand:to:{case.code}:{each.id}"),)
        for each in asked[:_CHOICES_MAX]
    )
    key = "staff-handover-whom" if rows else "staff-handover-nobody"
    return Outgoing(None, Purpose.NOTICE, voice.say(key, code=case.code), rows, case_id=case.id)


async def _without_buttons(
    tx: Transaction, post: tuple[int, int], case: Case, now: dt.datetime
) -> None:
    """Take the buttons away from below a message that is answered."""
    await enqueue(tx, Outgoing(None, Purpose.EDIT, edits=post, case_id=case.id), now)
