"""The methods of the Bot API that the bot calls, on the stand-in's state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.copies import answering, copy_message, copy_messages, set_reaction
from sandbox.markup import MarkupError, plain_text
from sandbox.telegram import (
    CAPTION_LENGTH_MAX,
    RIGHTS,
    ApiError,
    Chat,
    Telegram,
    User,
    Webhook,
    check_keyboard,
    check_photo,
    check_text,
)

Params = dict[str, Any]
# The longest that `getUpdates` keeps a connection open, whatever is asked.
POLL_MAX_S = 20.0


async def call(telegram: Telegram, method: str, params: Params) -> Any:
    """Do a method; return its result. Raises ApiError as the Bot API would answer."""
    do = METHODS.get(method.lower())
    if do is None:
        raise ApiError(404, "Not Found")
    try:
        return await do(telegram, params)
    except MarkupError as error:
        raise ApiError(400, f"Bad Request: can't parse entities: {error}") from None
    except (KeyError, ValueError) as error:
        raise ApiError(400, f"Bad Request: {error}") from None


async def _get_me(telegram: Telegram, _params: Params) -> Any:
    return {
        **telegram.bot.as_json(),
        "can_join_groups": True,
        "can_read_all_group_messages": not telegram.privacy_mode,
        "supports_inline_queries": False,
    }


async def _set_webhook(telegram: Telegram, params: Params) -> Any:
    connections = int(params.get("max_connections", 40))
    telegram.webhook = Webhook(str(params["url"]), str(params["secret_token"]), connections)
    await telegram.tell()
    return True


async def _delete_webhook(telegram: Telegram, _params: Params) -> Any:
    telegram.webhook = None
    await telegram.tell()
    return True


async def _get_webhook_info(telegram: Telegram, _params: Params) -> Any:
    return {
        "url": telegram.webhook.url if telegram.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(telegram.updates),
    }


async def _get_updates(telegram: Telegram, params: Params) -> Any:
    if telegram.webhook:
        raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
    offset = int(params.get("offset", 0))
    limit = int(params.get("limit", 100))
    telegram.updates = [each for each in telegram.updates if each["update_id"] >= offset]
    patience = min(float(params.get("timeout", 0)), POLL_MAX_S)
    if not telegram.updates and patience:
        async with telegram.changed:
            try:
                arrived = telegram.changed.wait_for(lambda: bool(telegram.updates))
                await asyncio.wait_for(arrived, patience)
            except TimeoutError:
                return []
    return telegram.updates[:limit]


async def _send_message(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    text = str(params.get("text", ""))
    plain = check_text(text, params.get("parse_mode"))
    content = {"text": plain, "_html": text if params.get("parse_mode") == "HTML" else None}
    content |= check_keyboard(params.get("reply_markup"))
    answered, topic_id = answering(chat, params)
    message = telegram.post(chat, topic_id, content | answered)
    await telegram.tell()
    return _shown(message)


async def _send_photo(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    content = check_photo(params["photo"], params.get("caption", ""), params.get("parse_mode"))
    content |= check_keyboard(params.get("reply_markup"))
    answered, topic_id = answering(chat, params)
    message = telegram.post(chat, topic_id, content | answered)
    await telegram.tell()
    return _shown(message)


async def _edit_markup(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    message = chat.messages.get(int(params["message_id"]))
    if message is None:
        raise ApiError(400, "Bad Request: message to edit not found")
    markup = check_keyboard(params.get("reply_markup")).get("reply_markup")
    if message.get("reply_markup") == markup:
        raise ApiError(400, "Bad Request: message is not modified")
    message.pop("reply_markup", None)
    if markup:
        message["reply_markup"] = markup
    await telegram.tell()
    return _shown(message)


async def _edit_text(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    message = chat.messages.get(int(params["message_id"]))
    if message is None:
        raise ApiError(400, "Bad Request: message to edit not found")
    if "text" not in message:
        raise ApiError(400, "Bad Request: there is no text in the message to edit")
    text = str(params.get("text", ""))
    plain = check_text(text, params.get("parse_mode"))
    markup = check_keyboard(params.get("reply_markup"))
    if message.get("text") == plain and message.get("reply_markup") == markup.get("reply_markup"):
        raise ApiError(400, "Bad Request: message is not modified")
    message.pop("reply_markup", None)
    message.update({"text": plain, "_html": text, **markup})
    await telegram.tell()
    return _shown(message)


async def _edit_caption(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    message = chat.messages.get(int(params["message_id"]))
    if message is None:
        raise ApiError(400, "Bad Request: message to edit not found")
    if "text" in message:
        raise ApiError(400, "Bad Request: there is no caption in the message to edit")
    caption = plain_text(str(params.get("caption", "")))
    if len(caption) > CAPTION_LENGTH_MAX:
        raise ApiError(400, "Bad Request: message caption is too long")
    if message.get("caption", "") == caption:
        raise ApiError(400, "Bad Request: message is not modified")
    message["caption"] = caption
    await telegram.tell()
    return _shown(message)


async def _pin_message(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    message_id = int(params["message_id"])
    if "can_pin_messages" not in (chat.bot_rights or ()):
        raise ApiError(400, "Bad Request: not enough rights to manage pinned messages in the chat")
    if message_id not in chat.messages:
        raise ApiError(400, "Bad Request: message to pin not found")
    telegram.pin(chat, message_id)
    await telegram.tell()
    return True


async def _delete_messages(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    if not 1 <= len(params["message_ids"]) <= 100:
        raise ApiError(400, "Bad Request: MESSAGE_IDS_INVALID")
    for message_id in params["message_ids"]:
        chat.messages.pop(int(message_id), None)
    await telegram.tell()
    return True


async def _answer_press(telegram: Telegram, params: Params) -> Any:
    text = params.get("text")
    if text:
        telegram.popups.append({"id": params["callback_query_id"], "text": text})
    await telegram.tell()
    return True


async def _act_in_chat(telegram: Telegram, params: Params) -> Any:
    telegram.chat_for_bot(int(params["chat_id"]))
    return True


async def _create_topic(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    if not chat.is_forum:
        raise ApiError(400, "Bad Request: the chat is not a forum")
    name = str(params["name"])
    topic_id = telegram.add_topic(chat, name)
    await telegram.tell()
    return {"message_thread_id": topic_id, "name": name, "icon_color": 7322096}


async def _get_chat(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    gifts = {
        "unlimited_gifts": False,
        "limited_gifts": False,
        "unique_gifts": False,
        "premium_subscription": False,
        "gifts_from_channels": False,
    }
    return {
        **chat.as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


async def _get_member(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    return _member(telegram, chat, int(params["user_id"]))


async def _get_administrators(telegram: Telegram, params: Params) -> Any:
    chat = telegram.chat_for_bot(int(params["chat_id"]))
    return [_member(telegram, chat, user_id) for user_id in sorted(chat.administrators)]


def _member(telegram: Telegram, chat: Chat, user_id: int) -> dict[str, Any]:
    if user_id == telegram.bot.id:
        return _bot_as_member(telegram, chat)
    user = telegram.users.get(user_id, User(user_id, "somebody")).as_json()
    if user_id not in chat.members:
        return {"status": "left", "user": user}
    if user_id not in chat.administrators:
        return {"status": "member", "user": user}
    # The stand-in knows no administrators with only some of the rights.
    return {"status": "creator", "is_anonymous": False, "user": user}


def _bot_as_member(telegram: Telegram, chat: Chat) -> dict[str, Any]:
    user = telegram.bot.as_json()
    if chat.bot_rights is None:
        return {"status": "member", "user": user}
    never = ("can_be_edited", "is_anonymous", "can_manage_video_chats", "can_restrict_members",
             "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
             "can_edit_stories", "can_delete_stories")  # fmt: skip
    return {
        "status": "administrator",
        "user": user,
        "can_manage_chat": True,
        **dict.fromkeys(never, False),
        **{right: right in chat.bot_rights for right in sorted(RIGHTS)},
    }


async def _set_commands(telegram: Telegram, params: Params) -> Any:
    chat = _chat_of_scope(telegram, params)
    if chat is None:
        telegram.commands[params.get("language_code") or ""] = params["commands"]
    elif not params.get("language_code"):
        # Of a chat's own lists the one for every language is enough to show.
        chat.commands = params["commands"]
    await telegram.tell()
    return True


async def _delete_commands(telegram: Telegram, params: Params) -> Any:
    chat = _chat_of_scope(telegram, params)
    if chat is None:
        telegram.commands.pop(params.get("language_code") or "", None)
    else:
        chat.commands = None
    await telegram.tell()
    return True


def _chat_of_scope(telegram: Telegram, params: Params) -> Chat | None:
    """Return the chat whose own list of commands is meant, or None for everybody's."""
    scope = params.get("scope") or {"type": "default"}
    if scope["type"] == "default":
        return None
    if scope["type"] != "chat":
        raise ApiError(400, "Bad Request: the stand-in knows no such scope")
    return telegram.chat_for_bot(int(scope["chat_id"]))


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if not key.startswith("_")}


METHODS: dict[str, Callable[[Telegram, Params], Awaitable[Any]]] = {
    "getme": _get_me,
    "getupdates": _get_updates,
    "sendmessage": _send_message,
    "sendphoto": _send_photo,
    "copymessage": copy_message,
    "copymessages": copy_messages,
    "setmessagereaction": set_reaction,
    "editmessagereplymarkup": _edit_markup,
    "editmessagetext": _edit_text,
    "editmessagecaption": _edit_caption,
    "answercallbackquery": _answer_press,
    "pinchatmessage": _pin_message,
    "deletemessages": _delete_messages,
    "sendchataction": _act_in_chat,
    "createforumtopic": _create_topic,
    "getchat": _get_chat,
    "getchatmember": _get_member,
    "getchatadministrators": _get_administrators,
    "setmycommands": _set_commands,
    "deletemycommands": _delete_commands,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _get_webhook_info,
}
