"""What volunteers learn from: what the bot could not answer, and figures of the cases."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from dataclasses import dataclass

from cases.gaps import GAPS_KEPT
from cases.statistics import Statistics
from conversation.content import JAPAN
from conversation.gaps import LISTED_MAX, listed
from conversation.render import Voice
from conversation.statistics import Period, message, tables, title
from desk.asked import Said
from desk.steps import Desk
from storage.gaps import most_frequent_gaps
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue_all
from storage.statistics import read_statistics

PERIODS_DAYS = {"": 7, "week": 7, "month": 30}


@dataclass(frozen=True)
class LearningDesk:
    """Serves the staff beside the desk. Any volunteer may ask, nobody else."""

    desk: Desk

    async def gaps(self, said: Said, now: dt.datetime) -> None:
        """Show what people asked and the bot could not answer, most people first, by language.

        Raises StorageError.
        """
        voice = self.desk.content.staff_voice(now)
        since = (now - GAPS_KEPT).astimezone(JAPAN).date()
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            texts = [voice.say("staff-only")]
            if said.volunteer is not None:
                found = {
                    code: await most_frequent_gaps(tx, since, code, LISTED_MAX)
                    for code in self.desk.content.translations.languages
                }
                texts = listed(voice, found)
            await enqueue_all(
                tx,
                [Outgoing(None, Purpose.NOTICE, text, group_id=said.group_id) for text in texts],
                now,
            )
        self.desk.sent()

    async def stats(self, said: Said, now: dt.datetime) -> None:
        """Show the figures of the last week or month, as a message and as a picture.

        Raises StorageError.
        """
        voice = self.desk.content.staff_voice(now)
        days = PERIODS_DAYS.get(said.words.strip().lower())
        if said.volunteer is None or days is None:
            key = "staff-only" if said.volunteer is None else "stats-usage"
            shown = [Outgoing(None, Purpose.NOTICE, voice.say(key), group_id=said.group_id)]
        else:
            period = Period.of_last(days, now.astimezone(JAPAN).date())
            async with self.desk.database.begin() as tx:
                languages = self.desk.content.translations.languages
                statistics = await read_statistics(tx, period.start, period.end, languages)
            # Drawn before the transaction that sends it: nobody waits for the database meanwhile.
            picture = await asyncio.to_thread(_drawn, voice, period, statistics)
            heading = voice.say("stats-opened", count=str(statistics.opened))
            shown = [
                Outgoing(
                    None, Purpose.NOTICE, message(voice, period, statistics), group_id=said.group_id
                ),
                Outgoing(None, Purpose.NOTICE, heading, photo=picture, group_id=said.group_id),
            ]
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            await enqueue_all(tx, shown, now)
        self.desk.sent()


def _drawn(voice: Voice, period: Period, statistics: Statistics) -> str:
    """Return the picture, a PNG in base64."""
    # Pillow is needed here only: the bot starts without it.
    from desk.picture import draw

    heading = voice.label("stats-opened", count=str(statistics.opened))
    png = draw(voice, title(voice, period), heading, tables(voice, statistics))
    return base64.b64encode(png).decode()
