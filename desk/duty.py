"""What volunteers say about themselves: when they are on duty or away, what they speak."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cases.shift import AWAY_USUAL, DUTY_USUAL, away_until, duty_shift
from cases.team import Member
from conversation import team
from conversation.content import JAPAN
from conversation.render import Voice
from desk.asked import Said
from desk.queue import held_by
from desk.steps import Desk
from storage.database import Transaction
from storage.inbox import finish
from storage.queue import open_queue
from storage.volunteers import forget_member, save_member, whole_team

# What is written as an example, in Japan's time.
_EXAMPLES = {"time": "23:00", "hours": "3h", "days": "3d", "span": "08:00-12:00"}

Answer = Callable[[Transaction, Voice, Member, str, dt.datetime], Awaitable[str]]


@dataclass(frozen=True)
class DutyDesk:
    """Serves the staff beside the desk."""

    desk: Desk

    async def duty(self, said: Said, now: dt.datetime) -> None:
        """`/duty on [until]`, `/duty off`. Raises StorageError."""
        await self._answer(said, self._duty, now)

    async def languages(self, said: Said, now: dt.datetime) -> None:
        """`/languages vi en`. Raises StorageError."""
        await self._answer(said, self._languages, now)

    async def away(self, said: Said, now: dt.datetime) -> None:
        """`/away [until]`, `/away off`. Raises StorageError."""
        await self._answer(said, self._away, now)

    async def left(self, update_id: int, staff_id: int) -> None:
        """Forget a volunteer who has left the group. Raises StorageError."""
        async with self.desk.database.begin() as tx:
            if await finish(tx, update_id):
                await forget_member(tx, staff_id)

    async def _answer(self, said: Said, answer: Answer, now: dt.datetime) -> None:
        """Do what a volunteer says about themselves, and tell the group."""
        voice = self.desk.content.staff_voice(now)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            if said.volunteer is None:
                text = voice.say("staff-only")
            else:
                member = await self.desk.meet(tx, said.volunteer, now)
                if member is None:
                    text = voice.say("staff-without-a-name")
                else:
                    text = await answer(tx, voice, member, said.words.strip().lower(), now)
            await self.desk.answer(tx, said, text, now)
        self.desk.sent()

    async def _duty(
        self, tx: Transaction, voice: Voice, member: Member, words: str, now: dt.datetime
    ) -> str:
        switch, _, until = words.partition(" ")
        if switch == "off" and not until:
            await save_member(tx, replace(member, duty_from=None, duty_until=now), now)
            left = held_by(await open_queue(tx), member.claim.staff_id)
            key = "staff-duty-off-has" if left else "staff-duty-off"
            return voice.say(key, name=member.claim.name, count=str(len(left)))
        shift = duty_shift(until, now.astimezone(JAPAN)) if switch == "on" else None
        if shift is None:
            hours = str(int(DUTY_USUAL.total_seconds() // 3600))
            there = [each.claim for each in await whole_team(tx) if each.is_on_duty(now)]
            how = voice.say("staff-duty-how", **_EXAMPLES, usual=hours)
            return f"{how}\n{voice.say('staff-duty-now', names=team.names(there))}"
        begins, ends = shift
        on = replace(member, duty_from=begins, duty_until=ends, away_until=None)
        await save_member(tx, on, now)
        times = {"begins": team.clock_time(begins, now), "ends": team.clock_time(ends, now)}
        key = "staff-duty-planned" if begins > now else "staff-duty-on"
        told = voice.say(key, name=member.claim.name, **times)
        return told if member.languages else f"{told}\n{voice.say('staff-languages-unsaid')}"

    async def _languages(
        self, tx: Transaction, voice: Voice, member: Member, words: str, now: dt.datetime
    ) -> str:
        offered = self.desk.content.translations.languages
        wanted = dict.fromkeys(words.replace(",", " ").split())
        if not wanted or not wanted.keys() <= offered.keys():
            known = ", ".join(
                f"{code} ({language.entry.own_name})" for code, language in offered.items()
            )
            said = ", ".join(member.languages) or "–"
            return voice.say("staff-languages-how", known=known, said=said)
        await save_member(tx, replace(member, languages=tuple(wanted)), now)
        return voice.say("staff-languages", name=member.claim.name, languages=", ".join(wanted))

    async def _away(
        self, tx: Transaction, voice: Voice, member: Member, words: str, now: dt.datetime
    ) -> str:
        if words == "off":
            await save_member(tx, replace(member, away_until=None), now)
            return voice.say("staff-away-off", name=member.claim.name)
        until = away_until(words, now.astimezone(JAPAN))
        if until is None:
            return voice.say("staff-away-how", **_EXAMPLES, usual=str(AWAY_USUAL.days))
        ended = now if member.duty_until is not None else None
        gone = replace(member, away_until=until, duty_from=None, duty_until=ended)
        await save_member(tx, gone, now)
        until_text = team.clock_time(until, now)
        return voice.say("staff-away", name=member.claim.name, until=until_text)
