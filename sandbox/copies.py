"""Copies, replies and reactions, as the Bot API has them."""

from __future__ import annotations

import itertools
from typing import Any

from sandbox.telegram import ApiError, Chat, Telegram, check_keyboard, public

# What a copied message takes from the original: everything that is content, nothing that names.
_CONTENT = (
    "text",
    "entities",
    "caption",
    "caption_entities",
    "photo",
    "voice",
    "video",
    "video_note",
    "animation",
    "audio",
    "document",
    "sticker",
    "location",
    "venue",
    "contact",
    "poll",
    "dice",
    "_html",
    "_png",
)
# What a bot may set, of those that the Bot API lists.
REACTIONS = frozenset("❤👍👎🔥🥰👏😁🤔🤯😱🤬😢🎉🙏👌🕊💯⚡🏆💔🤨😐👀🙈😨🤝✍🤗🫡🆒🤷")

_albums = itertools.count(1)


async def copy_message(telegram: Telegram, params: dict[str, Any]) -> Any:
    chat, source = _chats(telegram, params)
    original = source.messages.get(int(params["message_id"]))
    if original is None:
        raise ApiError(400, "Bad Request: message to copy not found")
    content = _content(source, original)
    if not content:
        raise ApiError(400, "Bad Request: message can't be copied")
    content |= check_keyboard(params.get("reply_markup"))
    answered, topic_id = answering(chat, params)
    message = telegram.post(chat, topic_id, content | answered)
    await telegram.tell()
    return {"message_id": message["message_id"]}


async def copy_messages(telegram: Telegram, params: dict[str, Any]) -> Any:
    chat, source = _chats(telegram, params)
    ids = [int(each) for each in params["message_ids"]]
    if not 1 <= len(ids) <= 100 or ids != sorted(set(ids)):
        raise ApiError(
            400, "Bad Request: identifiers must be specified in a strictly increasing order"
        )
    found = [source.messages[each] for each in ids if each in source.messages]
    contents = [(each, content) for each in found if (content := _content(source, each))]
    if not contents:
        raise ApiError(400, "Bad Request: message to copy not found")
    _, topic_id = answering(chat, params)
    albums: dict[str, str] = {}
    posted = []
    for original, content in contents:
        album = original.get("media_group_id")
        if album is not None:
            content["media_group_id"] = albums.setdefault(album, f"copied-{next(_albums)}")
        posted.append(telegram.post(chat, topic_id, content))
    await telegram.tell()
    return [{"message_id": each["message_id"]} for each in posted]


async def set_reaction(telegram: Telegram, params: dict[str, Any]) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    message = chat.messages.get(int(params["message_id"]))
    if message is None:
        raise ApiError(400, "Bad Request: message to react not found")
    emoji = [each["emoji"] for each in params.get("reaction") or []]
    if len(emoji) > 1:
        raise ApiError(400, "Bad Request: REACTIONS_TOO_MANY")
    if not chat.has_reactions or not set(emoji) <= REACTIONS:
        raise ApiError(400, "Bad Request: REACTION_INVALID")
    message["_reactions"] = emoji
    await telegram.tell()
    return True


def answering(chat: Chat, params: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return what a message to a chat shows of the one that it replies to, and its topic: without
    one it goes where the other stands."""
    given = params.get("message_thread_id")
    topic_id = int(given) if given is not None else None
    wanted = params.get("reply_parameters")
    if not wanted:
        return {}, topic_id
    replied = chat.messages.get(int(wanted["message_id"]))
    if replied is None:
        if wanted.get("allow_sending_without_reply"):
            return {}, topic_id
        raise ApiError(400, "Bad Request: message to be replied not found")
    shown = {key: value for key, value in public(replied).items() if key != "reply_to_message"}
    return {"reply_to_message": shown}, topic_id or replied.get("message_thread_id")


def _chats(telegram: Telegram, params: dict[str, Any]) -> tuple[Chat, Chat]:
    """Return where a copy goes, and where it is from."""
    to, source = int(params["chat_id"]), int(params["from_chat_id"])
    return telegram.chat_for_bot(to), telegram.chat_for_bot(source)


def _content(source: Chat, message: dict[str, Any]) -> dict[str, Any]:
    """Return what a copy takes; nothing where Telegram copies nothing."""
    if source.has_protected_content:
        return {}
    return {key: message[key] for key in _CONTENT if key in message}
