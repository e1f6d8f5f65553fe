"""A bot on a stand-in for Telegram, and the people around it, for tests to write sentences with."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import func, select

import service
from config import Config
from conversation.content import Content
from sandbox.server import Server
from sandbox.telegram import Telegram, User
from storage.tables import inbox, outbox

GROUP = -1001234567890
PERSON = 5010203040
VOLUNTEERS = {"Hana": 601, "Ken": 602}
# Whom Telegram names as the sender of what is written in a chat's own name.
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
# A day before the switch, noon in Japan.
NOW = dt.datetime(2026, 12, 1, 3, 0, tzinfo=dt.UTC)
PATIENCE_S = 20.0
# Where others work too a process takes minutes before it serves.
PROCESS_PATIENCE_S = 600.0

Message = dict[str, Any]


@dataclass
class Scene:
    """The stand-in, the bot on it, and what has been read of each chat so far."""

    telegram: Telegram
    server: Server
    config: Config
    content: Content
    now: dt.datetime = NOW
    running: service.Running | None = None
    _read: dict[int, int] = field(default_factory=dict)
    _started_s: float = field(default_factory=time.monotonic)

    def clock(self) -> dt.datetime:
        """Return `now`, and the time that has really passed: retries need it to go on."""
        return self.now + dt.timedelta(seconds=time.monotonic() - self._started_s)

    async def minutes_pass(self, minutes: float) -> None:
        """So much time passes, and what is due by then with the cases happens, once each."""
        self.now += dt.timedelta(minutes=minutes)
        if self.running is not None:
            await self.running.ladder.look(self.clock())
            await self.running.follow_ups.look(self.clock())
            await self.settled()

    async def board_is_looked_at(self) -> None:
        """The moment comes at which the board is made true."""
        if self.running is not None:
            await self.running.board.look(self.clock())
            await self.settled()

    # --- people

    def person(self, name: str, number: int) -> int:
        """One more trainee, with a chat of their own; return the chat's id."""
        return self.telegram.add_person(User(number, name, "vi")).id

    async def writes(self, text: str, person: int = PERSON) -> int:
        """A trainee writes; return the message's id once everything that follows has happened."""
        message_id = await self.telegram.write(person, person, text)
        await self.settled()
        return message_id

    async def sends(self, content: dict[str, Any], person: int = PERSON) -> int:
        """A trainee sends something that is not text."""
        message_id = await self.telegram.write(person, person, content=content)
        await self.settled()
        return message_id

    async def presses(self, label: str, person: int = PERSON) -> None:
        """A trainee presses the newest button with this label."""
        await self._press(person, person, label)

    # --- volunteers

    async def volunteer_presses(self, name: str, label: str) -> None:
        await self._press(GROUP, VOLUNTEERS[name], label)

    async def volunteer_closes(self, name: str, outcome: str = "Helped") -> None:
        """A volunteer closes the case whose alert is the newest, and says what came of it."""
        await self.volunteer_presses(name, "Close")
        await self.volunteer_presses(name, outcome)

    async def volunteer_replies(
        self, name: str, text: str, to: str, in_name_of: Message | None = None
    ) -> int:
        """A volunteer replies to the newest message of the group that holds `to`; return the id.

        `in_name_of` is the chat in whose name they do, as Telegram lets whoever hides theirs.
        """
        message = self.find(GROUP, to)
        topic = message.get("message_thread_id")
        content = {} if in_name_of is None else {"from": ANONYMOUS, "sender_chat": in_name_of}
        reply = await self.telegram.write(
            GROUP, VOLUNTEERS[name], text, reply_to=message["message_id"], topic_id=topic,
            content=content,
        )  # fmt: skip
        await self.settled()
        return reply

    async def volunteer_notes(self, name: str, text: str) -> int:
        """A volunteer writes into the newest topic without replying to anything; return the id."""
        topic = max(self.group.topics, default=None)
        note = await self.telegram.write(GROUP, VOLUNTEERS[name], text, topic_id=topic)
        await self.settled()
        return note

    # --- what is to be seen

    @property
    def group(self) -> Any:
        return self.telegram.chats[GROUP]

    def messages(self, chat: int) -> list[Message]:
        """Return the bot's messages in a chat, oldest first."""
        mine = self.telegram.bot.id
        return [
            message
            for message in self.telegram.chats[chat].messages.values()
            if message["from"]["id"] == mine
            and not {"forum_topic_created", "pinned_message"} & message.keys()
        ]

    def texts(self, chat: int) -> list[str]:
        return [message.get("text", "") for message in self.messages(chat)]

    def news(self, chat: int) -> list[Message]:
        """Return the bot's messages in a chat since `news` was last asked for."""
        already = self._read.get(chat, 0)
        new = [each for each in self.messages(chat) if each["message_id"] > already]
        if new:
            self._read[chat] = new[-1]["message_id"]
        return new

    def find(self, chat: int, text: str) -> Message:
        """Return the newest message in a chat that holds `text`."""
        found = [
            message
            for message in self.telegram.chats[chat].messages.values()
            if text in message.get("text", "")
        ]
        assert found, f"nobody wrote {text!r} in {chat}: {self.texts(chat)}"
        return found[-1]

    def button(self, chat: int, label: str) -> tuple[int, str]:
        """Return message id and data of the newest button whose label holds `label`."""
        for message in reversed(self.messages(chat)):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if label in button["text"]:
                        return int(message["message_id"]), str(button["callback_data"])
        raise AssertionError(f"there is no button {label!r}")

    async def _press(self, chat: int, user: int, label: str) -> None:
        message_id, data = self.button(chat, label)
        await self.telegram.press(chat, user, message_id, data)
        await self.settled()

    # --- the bot

    @contextlib.asynccontextmanager
    async def bot_runs(self) -> AsyncIterator[service.Running]:
        """Run the bot while the block runs."""
        async with service.serving(self.config, self.content, self.clock) as running:
            self.running = running
            yield running
        self.running = None

    async def settled(self) -> None:
        """Wait until every update is done and every message is sent, or has failed for good."""
        async with asyncio.timeout(PATIENCE_S):
            # The bot tells nobody that it is idle: its database is looked at.
            while not await self._is_settled():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def _is_settled(self) -> bool:
        if self.telegram.updates or self.running is None:
            return False
        async with self.running.database.begin() as tx:
            undone = select(func.count()).where(inbox.c.state == "waiting")
            unsent = select(func.count()).where(
                outbox.c.state.in_(["waiting", "sending", "uncertain"])
            )
            counts = [(await tx.connection.execute(each)).scalar_one() for each in (undone, unsent)]
        return not self.telegram.updates and counts == [0, 0]


@contextlib.asynccontextmanager
async def scene(
    content: Content, database_url: str, *, forum: bool = True, language: str = "vi"
) -> AsyncIterator[Scene]:
    """A trainee, two volunteers and their group on a stand-in; the bot is not running yet."""
    telegram = Telegram()
    telegram.add_person(User(PERSON, "Nguyễn Thị Sentinel", language, username="sentinel_name"))
    volunteers = [User(number, name) for name, number in VOLUNTEERS.items()]
    telegram.add_group(GROUP, "volunteers", volunteers, forum=forum)
    server = Server(telegram)
    address = await server.start("127.0.0.1", 0)
    config = Config(
        _env_file=None,
        telegram_bot_token=SecretStr("1:token"),
        telegram_api_url=address,
        database_url=database_url,
        staff_chat_id=GROUP,
        encryption_keys=(SecretStr(Fernet.generate_key().decode()),),
    )
    here = Scene(telegram, server, config, content)
    telegram.clock = lambda: here.clock().timestamp()
    try:
        yield here
    finally:
        await server.stop()


async def until(wanted: Callable[[], bool]) -> None:
    """Wait for what has no event of its own, also of a process that loads the content first."""
    async with asyncio.timeout(PROCESS_PATIENCE_S):
        while not wanted():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def sqlite_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'kakekomi.sqlite3'}"


@contextlib.asynccontextmanager
async def no_copy_arrives(here: Scene) -> AsyncIterator[None]:
    """Copies come no further than Telegram's door while the block runs, then all of them do."""
    opens = asyncio.Event()

    async def fault(method: str, _params: dict[str, Any]) -> None:
        if method.lower() == "copymessage":
            await opens.wait()

    here.server.fault = fault
    yield
    opens.set()
    await here.settled()
