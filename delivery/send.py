"""The one module that calls Telegram's send methods; its errors become a `Failure`."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import aiohttp
import structlog
from telegram import (
    Bot,
    BotCommandScopeChat,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from delivery.retry import Failure, Trouble
from storage.outbox import Commands, Keyboard, Outgoing, Purpose

log = structlog.get_logger()

_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

# The Bot API tells these apart by their words only.
_THREAD_GONE = (
    "message thread not found",
    "topic_deleted",
    "topic_id_invalid",
    "topic_closed",
)
_GONE = (
    "message to copy not found",
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
)
_NOT_COPIED = ("message can't be copied", "chat_forwards_restricted", "protected content")
_TOO_LARGE = ("too long", "too big", "too large", "media_caption_too_long")
_REPLIED_GONE = ("message to be replied not found", "replied message not found")
_NEVER = {
    Trouble.GONE: _GONE,
    Trouble.NOT_COPIED: _NOT_COPIED,
    Trouble.TOO_LARGE: _TOO_LARGE,
}
_PASSING = (Trouble.RATE_LIMITED, Trouble.NOT_CONNECTED, Trouble.UNCERTAIN)
_UNCHANGED = "message is not modified"
_BLOCKED = ("blocked by the user", "initiate conversation with a user")
_DEACTIVATED = ("user is deactivated",)
_CHAT_UNKNOWN = ("chat not found", "peer_id_invalid")
_SHUT_OUT = (
    *_CHAT_UNKNOWN,
    "not enough rights",
    "no rights to send",
    "write_forbidden",
)


async def send(
    bot: Bot,
    message: Outgoing,
    chat_id: int,
    thread_id: int | None = None,
    repeat_mark: str | None = None,
) -> int | Failure:
    """Send a message; return the id that it got (for an edit, the id it has; for a list of
    commands 0), or the failure.

    `chat_id` is where it goes now. `repeat_mark` is put below what may have arrived before.
    """
    try:
        return await _call(bot, message, chat_id, thread_id, repeat_mark)
    except TelegramError as error:
        is_gone = _says(error, _REPLIED_GONE) or failure_of(error).trouble is Trouble.THREAD_GONE
        if message.relay.reply_to and is_gone:
            # Telegram sends nothing that answers what is gone, alone or with its whole topic.
            alone = replace(message, relay=replace(message.relay, reply_to=None))
            return await send(bot, alone, chat_id, thread_id, repeat_mark)
        if isinstance(error, BadRequest) and _UNCHANGED in str(error).lower() and message.edits:
            return message.edits[1]
        unknown = message.to is not None and _says(error, _CHAT_UNKNOWN)
        if unknown and not (message.copy_of and await _is_there(bot, chat_id)):
            return Failure(Trouble.BLOCKED)
        failure = failure_of(error)
        if message.relay.mark is not None and failure.trouble not in _PASSING:
            # A group without reactions, or of before an upgrade: nothing depends on a mark.
            return Failure(Trouble.REJECTED)
        return failure


async def _is_there(bot: Bot, chat_id: int) -> bool:
    """Whether a chat is one that Telegram finds: of a copy it does not say which of the two it does
    not find."""
    try:
        await bot.get_chat(chat_id)
    except TelegramError as error:
        return not _says(error, _CHAT_UNKNOWN)
    return True


async def send_album(
    bot: Bot,
    from_chat: int,
    message_ids: Sequence[int],
    chat_id: int,
    thread_id: int | None,
) -> list[int] | Failure:
    """Copy messages together; return the ids that they got, or the failure.

    The ids are fewer where some of the messages are gone. `message_ids` grow.
    """
    try:
        copied = await bot.copy_messages(
            chat_id, from_chat, list(message_ids), message_thread_id=thread_id
        )
    except TelegramError as error:
        return failure_of(error)
    return [each.message_id for each in copied]


async def may_write(bot: Bot, chat_id: int) -> bool:
    """Return whether the bot can write in a chat: True also while Telegram does not say."""
    try:
        await bot.send_chat_action(chat_id, ChatAction.TYPING)
    except TelegramError as error:
        return failure_of(error).trouble is not Trouble.SHUT_OUT
    return True


async def _call(
    bot: Bot,
    message: Outgoing,
    chat_id: int,
    thread_id: int | None,
    repeat_mark: str | None,
) -> int:
    if message.commands is not None:
        await _list_commands(bot, message.commands, chat_id)
        return 0
    keyboard, relay = _markup(message.keyboard), message.relay
    if relay.mark is not None and relay.reply_to is not None:
        await bot.set_message_reaction(chat_id, relay.reply_to, relay.mark)
        return relay.reply_to
    if message.edits is not None and relay.is_caption:
        await bot.edit_message_caption(
            chat_id=chat_id,
            message_id=message.edits[1],
            caption=message.text,
            parse_mode=ParseMode.HTML,
        )
        return message.edits[1]
    if message.edits is not None and message.text is not None:
        await bot.edit_message_text(
            message.text,
            chat_id=chat_id,
            message_id=message.edits[1],
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return message.edits[1]
    if message.edits is not None:
        await bot.edit_message_reply_markup(
            chat_id=chat_id, message_id=message.edits[1], reply_markup=keyboard
        )
        return message.edits[1]
    if message.deletes:
        await bot.delete_messages(chat_id=chat_id, message_ids=message.deletes)
        return message.deletes[0]
    if message.copy_of is not None:
        from_chat, message_id = message.copy_of
        copied = await bot.copy_message(
            chat_id=chat_id,
            from_chat_id=from_chat,
            message_id=message_id,
            message_thread_id=thread_id,
            reply_markup=_mark(repeat_mark) if repeat_mark else None,
            reply_parameters=_answering(message),
        )
        return copied.message_id
    text = message.text or ""
    text = f"{text}\n{repeat_mark}" if repeat_mark else text
    if message.photo is not None:
        sent = await bot.send_photo(
            chat_id=chat_id,
            photo=base64.b64decode(message.photo),
            caption=text,
            parse_mode=ParseMode.HTML,
            message_thread_id=thread_id,
            reply_markup=keyboard,
            reply_parameters=_answering(message),
        )
        return sent.message_id
    sent = await bot.send_message(
        chat_id=chat_id,
        text=text,
        parse_mode=ParseMode.HTML,
        message_thread_id=thread_id,
        reply_markup=keyboard,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_parameters=_answering(message),
    )
    if message.purpose is Purpose.BOARD:
        await _pin(bot, chat_id, sent.message_id)
    return sent.message_id


def _answering(message: Outgoing) -> ReplyParameters | None:
    """Return the message that this one is shown to answer; without it, it is sent all the same."""
    reply_to = message.relay.reply_to
    return ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None


async def _pin(bot: Bot, chat_id: int, message_id: int) -> None:
    """Pin a message that is there; without the right to it stays where it is."""
    try:
        await bot.pin_chat_message(chat_id, message_id, disable_notification=True)
    except TelegramError as error:
        log.warning("the message is not pinned", error=type(error).__name__)


async def _list_commands(bot: Bot, commands: Commands, chat_id: int) -> None:
    """Let one chat list these commands instead of the usual ones; the usual ones if none."""
    here = BotCommandScopeChat(chat_id)
    if commands:
        await bot.set_my_commands(commands, scope=here)
    else:
        await bot.delete_my_commands(scope=here)


def failure_of(error: TelegramError) -> Failure:
    """Return what an error of the Bot API means for the message that met it."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        seconds = wait.total_seconds() if isinstance(wait, dt.timedelta) else wait
        return Failure(Trouble.RATE_LIMITED, float(seconds))
    if isinstance(error, ChatMigrated):
        return Failure(Trouble.MOVED, moved_to=error.new_chat_id)
    if isinstance(error, Forbidden | BadRequest):
        return Failure(_refusal(error))
    # A refused token (401) is mended by whoever runs the bot: nothing is given up meanwhile.
    if isinstance(error, InvalidToken) or isinstance(error.__cause__, _NEVER_LEFT):
        return Failure(Trouble.NOT_CONNECTED)
    # No answer, half an answer, a 5xx: Telegram may have done it all the same.
    return Failure(Trouble.UNCERTAIN)


def _refusal(error: TelegramError) -> Trouble:
    """Return why Telegram refuses. A 403 in other words than we know may end."""
    if _says(error, _BLOCKED):
        return Trouble.BLOCKED
    if _says(error, _DEACTIVATED):
        return Trouble.DEACTIVATED
    if isinstance(error, Forbidden) or _says(error, _SHUT_OUT):
        return Trouble.SHUT_OUT
    if _says(error, _THREAD_GONE):
        return Trouble.THREAD_GONE
    for trouble, words in _NEVER.items():
        if _says(error, words):
            return trouble
    return Trouble.REJECTED


def _says(error: TelegramError, known: tuple[str, ...]) -> bool:
    words = str(error).lower()
    return any(each in words for each in known)


def _mark(words: str) -> InlineKeyboardMarkup:
    """Return a button that says something: nothing else can be added to a copied text."""
    button = InlineKeyboardButton(words, copy_text=CopyTextButton(words))
    return InlineKeyboardMarkup([[button]])


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    if not keyboard:
        return None
    rows = [
        [InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in keyboard
    ]
    return InlineKeyboardMarkup(rows)
