"""The plain relay: a bot that opens a forum topic for each person and copies every message.

What "feedback bots" do, at their best: nothing waits for a person's turn but what that person
wrote, a full group holds up no reply, and what Telegram refuses with 429 is sent again after the
time that it asks for. It keeps nothing, knows no urgency, and nobody claims anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from telegram import Bot, Update
from telegram.error import RetryAfter
from telegram.ext import Application, ContextTypes, MessageHandler, filters

Result = TypeVar("Result")

# More than ever wait, so that a full group does not keep replies from being fetched.
AT_ONCE = 4096
CONNECTIONS = 64


class Relay:
    """The bot's two handlers, and what it has in memory."""

    def __init__(self, group_id: int) -> None:
        self._group_id = group_id
        self._topics: dict[int, int] = {}
        self._people: dict[int, int] = {}
        # One call at a time to each chat, first come, first served.
        self._chats: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def from_person(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Copy it into the person's topic, which is opened for their first message."""
        message = update.effective_message
        assert message is not None
        async with self._turns[message.chat_id]:
            if message.chat_id not in self._topics:
                await self._open_topic(context.bot, message.chat_id)
            topic_id = self._topics[message.chat_id]
            await self._copy(
                context.bot, self._group_id, message.chat_id, message.message_id, topic_id
            )

    async def from_staff(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Copy what is written in a topic to its person."""
        message = update.effective_message
        assert message is not None
        person = self._people.get(message.message_thread_id or 0)
        if person is not None:
            await self._copy(context.bot, person, self._group_id, message.message_id, None)

    async def _open_topic(self, bot: Bot, person: int) -> None:
        topic = await self._patiently(
            self._group_id, lambda: bot.create_forum_topic(self._group_id, f"Person {person}")
        )
        self._topics[person] = topic.message_thread_id
        self._people[topic.message_thread_id] = person

    async def _copy(
        self, bot: Bot, to: int, from_chat: int, message_id: int, topic_id: int | None
    ) -> None:
        await self._patiently(
            to,
            lambda: bot.copy_message(to, from_chat, message_id, message_thread_id=topic_id),
        )

    async def _patiently(
        self, chat_id: int, call: Callable[[], Coroutine[Any, Any, Result]]
    ) -> Result:
        """Do it, again after each 429."""
        async with self._chats[chat_id]:
            while True:
                try:
                    return await call()
                except RetryAfter as error:
                    wait = error.retry_after
                    await asyncio.sleep(
                        wait.total_seconds() if isinstance(wait, dt.timedelta) else wait
                    )


@contextlib.asynccontextmanager
async def relaying(api_url: str, group_id: int) -> AsyncIterator[None]:
    """Serve while the block runs."""
    builder = Application.builder().token("1:token").base_url(f"{api_url}/bot")
    builder = builder.concurrent_updates(AT_ONCE)
    application = builder.connection_pool_size(CONNECTIONS).pool_timeout(3600.0).build()
    relay = Relay(group_id)
    application.add_handler(MessageHandler(filters.ChatType.PRIVATE, relay.from_person))
    application.add_handler(MessageHandler(filters.Chat(group_id), relay.from_staff))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling()
        try:
            yield
        finally:
            await application.updater.stop()
            await application.stop()
