"""What Telegram keeps: chats, messages, topics, updates. In memory, for one bot."""

from __future__ import annotations

import asyncio
import base64
import itertools
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.markup import plain_text

TEXT_LENGTH_MAX = 4096
CAPTION_LENGTH_MAX = 1024
# Of a photo, in pixels: width and height together, and how many times one is the other.
PHOTO_SIDES_MAX, PHOTO_RATIO_MAX = 10_000, 20
CALLBACK_DATA_BYTES_MAX = 64
BOT_ID = 777000
# What an administrator may be let do that the bot needs.
RIGHTS = frozenset({"can_manage_topics", "can_pin_messages", "can_delete_messages"})


class ApiError(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass
class User:
    id: int
    first_name: str
    language_code: str | None = None
    username: str | None = None
    is_bot: bool = False

    def as_json(self) -> dict[str, Any]:
        fields = {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        return {key: value for key, value in fields.items() if value is not None}


@dataclass
class Chat:
    """A private chat has its person's id; a group a negative one. `blocked` keeps the bot out, in
    a `deleted` one the person's account is gone, an `unknown` one Telegram does not find. Of the
    `members` some are `administrators`. `bot_rights` are what the bot may do as one; None where it
    is none. `commands` are its own list of commands, where it has one; `pinned` are ids of
    messages."""

    id: int
    type: str
    title: str | None = None
    is_forum: bool = False
    members: set[int] = field(default_factory=set)
    administrators: set[int] = field(default_factory=set)
    bot_rights: frozenset[str] | None = RIGHTS
    topics: dict[int, str] = field(default_factory=dict)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    commands: list[dict[str, str]] | None = None
    blocked: bool = False
    deleted: bool = False
    unknown: bool = False
    moved_to: int | None = None
    has_reactions: bool = True
    has_protected_content: bool = False

    def as_json(self) -> dict[str, Any]:
        about: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.title:
            about["title"] = self.title
        if self.is_forum:
            about["is_forum"] = True
        return about


@dataclass(frozen=True)
class Webhook:
    """Where updates are brought; so many at once, as `setWebhook` asked."""

    url: str
    secret: str
    connections_max: int


class Telegram:
    """The stand-in's state. Its methods do what people do; `sandbox.methods` what the bot does."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` says what time it is on Telegram's machines, in seconds since 1970."""
        self.clock = clock
        self.privacy_mode = False
        self.bot = User(BOT_ID, "Kakekomi", username="kakekomi_bot", is_bot=True)
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.popups: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.webhook: Webhook | None = None
        self.changed = asyncio.Condition()
        self.version = 0
        self._update_ids = itertools.count(1)
        self._message_ids = itertools.count(1)

    # --- people and groups

    def add_person(self, user: User) -> Chat:
        """Add a person with a private chat with the bot."""
        self.users[user.id] = user
        chat = Chat(user.id, "private", members={user.id})
        self.chats[user.id] = chat
        return chat

    def add_group(self, chat_id: int, title: str, members: list[User], *, forum: bool) -> Chat:
        """Add a group with the bot in it."""
        for member in members:
            self.users[member.id] = member
        chat = Chat(chat_id, "supergroup", title, forum, {member.id for member in members})
        self.chats[chat_id] = chat
        return chat

    # --- what people do

    async def write(
        self,
        chat_id: int,
        user_id: int,
        text: str | None = None,
        *,
        reply_to: int | None = None,
        topic_id: int | None = None,
        content: dict[str, Any] | None = None,
    ) -> int:
        """Somebody sends a text, or `content` (a photo, a sticker, as the Bot API shows it).

        `content` may also say in whose name it is sent (`from`, `sender_chat`)."""
        chat, user = self.chats[chat_id], self.users[user_id]
        message = self._message(chat, user, topic_id)
        message.update({"text": text} if text is not None else {})
        message.update(content or {})
        if text and text.startswith("/"):
            command = text.split()[0]
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]
        answered = reply_to if reply_to is not None else topic_id
        if answered is not None and answered in chat.messages:
            known = chat.messages[answered]
            message["reply_to_message"] = {
                key: value for key, value in known.items() if not key.startswith("_")
            }
        await self.add_update({"message": message})
        return int(message["message_id"])

    async def edit(self, chat_id: int, message_id: int, text: str) -> None:
        """Somebody edits a message of theirs."""
        message = self.chats[chat_id].messages[message_id]
        message.update({"text": text, "edit_date": int(self.clock())})
        await self.add_update({"edited_message": message})

    async def press(self, chat_id: int, user_id: int, message_id: int, data: str) -> str:
        """Somebody presses a button; return the id by which the press may be answered."""
        message = self.chats[chat_id].messages[message_id]
        query_id = str(next(self._message_ids))
        query = {
            "id": query_id,
            "from": self.users[user_id].as_json(),
            "message": message,
            "chat_instance": str(chat_id),
            "data": data,
        }
        await self.add_update({"callback_query": query})
        return query_id

    async def add_update(self, update: dict[str, Any]) -> None:
        """Something happens that the bot is told of, as the Bot API shows it."""
        self.updates.append({"update_id": next(self._update_ids), **update})
        await self.tell()

    # --- for `methods`

    async def tell(self) -> None:
        """Wake everybody who waits for a change."""
        async with self.changed:
            self.version += 1
            self.changed.notify_all()

    def chat_for_bot(self, chat_id: int) -> Chat:
        """Return the chat, if the bot may write to it."""
        chat = self.chats.get(chat_id)
        if chat is None or chat.unknown:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.moved_to is not None:
            wrong = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, wrong, migrate_to_chat_id=chat.moved_to)
        if chat.deleted:
            raise ApiError(403, "Forbidden: user is deactivated")
        if chat.blocked:
            private = chat.type == "private"
            wrong = "bot was blocked by the user" if private else "bot was kicked from the group"
            raise ApiError(403, f"Forbidden: {wrong}")
        return chat

    def post(self, chat: Chat, topic_id: int | None, content: dict[str, Any]) -> dict[str, Any]:
        """Add a message of the bot's; its content was checked."""
        if topic_id is not None and topic_id not in chat.topics:
            raise ApiError(400, "Bad Request: message thread not found")
        message = self._message(chat, self.bot, topic_id)
        message.update(content)
        return message

    def _message(self, chat: Chat, user: User, topic_id: int | None) -> dict[str, Any]:
        message_id = next(self._message_ids)
        message: dict[str, Any] = {
            "message_id": message_id,
            "date": int(self.clock()),
            "chat": chat.as_json(),
            "from": user.as_json(),
        }
        if topic_id is not None:
            message.update({"message_thread_id": topic_id, "is_topic_message": True})
        chat.messages[message_id] = message
        return message

    def pin(self, chat: Chat, message_id: int) -> None:
        """Pin a message; a service message of the bot's says so."""
        chat.pinned.append(message_id)
        known = chat.messages[message_id]
        self._message(chat, self.bot, None)["pinned_message"] = public(known)

    def add_topic(self, chat: Chat, name: str) -> int:
        """Make a forum topic; its id is that of the service message that made it."""
        message = self._message(chat, self.bot, None)
        topic_id = int(message["message_id"])
        created = {"name": name, "icon_color": 7322096}
        message.update(
            {
                "forum_topic_created": created,
                "message_thread_id": topic_id,
                "is_topic_message": True,
            }
        )
        chat.topics[topic_id] = name
        return topic_id


def check_text(text: str, parse_mode: str | None) -> str:
    """Return a text's plain form, or refuse it as the Bot API does."""
    plain = plain_text(text) if parse_mode == "HTML" else text
    if not plain.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if len(plain) > TEXT_LENGTH_MAX:
        raise ApiError(400, "Bad Request: message is too long")
    return plain


def check_photo(png: bytes, caption: str, parse_mode: str | None) -> dict[str, Any]:
    """Return a photo as the message shows it, or refuse it as the Bot API does.

    The stand-in knows PNG only.
    """
    if not png.startswith(b"\x89PNG") or len(png) < 24:
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", png[16:24])
    if width + height > PHOTO_SIDES_MAX or max(width, height) > PHOTO_RATIO_MAX * min(
        width, height
    ):
        raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    size = {"file_id": "photo", "file_unique_id": "p", "width": width, "height": height}
    content: dict[str, Any] = {"photo": [size], "_png": base64.b64encode(png).decode()}
    plain = plain_text(caption) if parse_mode == "HTML" else caption
    if len(plain) > CAPTION_LENGTH_MAX:
        raise ApiError(400, "Bad Request: message caption is too long")
    return content | ({"caption": plain} if plain else {})


def check_keyboard(markup: dict[str, Any] | None) -> dict[str, Any]:
    """Return the markup as the message shows it, or refuse it as the Bot API does."""
    if not markup:
        return {}
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not 1 <= len(button.get("callback_data", "x").encode()) <= CALLBACK_DATA_BYTES_MAX:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
            if not button["text"].strip():
                raise ApiError(400, "Bad Request: text buttons are not allowed to be empty")
    return {"reply_markup": markup}


def public(value: Any) -> Any:
    """Leave out what the stand-in keeps for itself (keys that begin with _)."""
    if isinstance(value, dict):
        return {key: public(each) for key, each in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(each) for each in value]
    return value
