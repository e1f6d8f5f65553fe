"""What volunteers learn from: what the bot could not answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cases.gaps import GAPS_KEPT
from conversation.content import JAPAN
from conversation.gaps import LISTED_MAX, listed
from desk.asked import Said
from desk.steps import Desk
from storage.gaps import most_frequent_gaps
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue_all


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
            await enqueue_all(tx, [Outgoing(None, Purpose.NOTICE, text) for text in texts], now)
        self.desk.sent()
