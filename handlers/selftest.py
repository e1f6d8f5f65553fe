"""Telegram's answers to the self-test."""

from __future__ import annotations

import structlog
from telegram import Bot, ChatMemberAdministrator
from telegram.error import TelegramError

from delivery.request import Request
from desk.selftest import Surroundings

log = structlog.get_logger()

_RIGHTS = ("can_manage_topics", "can_pin_messages", "can_delete_messages")


async def surroundings(bot: Bot, chat_id: int) -> Surroundings | None:
    """Return what Telegram says of a group and of the bot in it; None while it says nothing."""
    try:
        me = await bot.get_me()
        chat = await bot.get_chat(chat_id)
        member = await bot.get_chat_member(chat_id, me.id)
    except TelegramError as error:
        log.warning("the self-test cannot ask about the group", error=type(error).__name__)
        return None
    rights = None
    if isinstance(member, ChatMemberAdministrator):
        rights = frozenset(right for right in _RIGHTS if getattr(member, right))
    return Surroundings(
        is_forum=bool(chat.is_forum),
        rights=rights,
        reads_all=bool(me.can_read_all_group_messages),
        telegram_time=bot.request.telegram_time if isinstance(bot.request, Request) else None,
    )
