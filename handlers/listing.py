"""The commands that Telegram shows as a menu: the people's, and the volunteers' in their group."""

from __future__ import annotations

import datetime as dt

import structlog
from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeChat
from telegram.error import TelegramError

from conversation.content import Content
from conversation.press import LISTED_COMMANDS
from conversation.render import Voice
from handlers.staff import COMMANDS
from storage.staff_chats import StaffChats
from translations.load import REFERENCE

log = structlog.get_logger()


async def list_commands(bot: Bot, content: Content, chats: StaffChats, moment: dt.datetime) -> None:
    """Tell Telegram the commands, described in each language; what it refuses is only logged."""
    people: dict[str | None, Voice] = {None: content.voice(REFERENCE, moment)}
    people |= {code: content.voice(code, moment) for code in content.translations.languages}
    group: dict[str | None, Voice] = {None: content.staff_voice(moment)}
    group |= {code: content.staff_voice(moment, code) for code in content.translations.staff}
    for code, voice in people.items():
        listed = [BotCommand(name, voice.label(f"command-{name}")) for name in LISTED_COMMANDS]
        await _list(bot, listed, None, code)
    for code, voice in group.items():
        listed = [BotCommand(name, voice.label(f"staff-command-{name}")) for name in COMMANDS]
        for chat_id in map(chats.chat_of, chats.ids):
            await _list(bot, listed, BotCommandScopeChat(chat_id), code)


async def _list(
    bot: Bot, listed: list[BotCommand], scope: BotCommandScope | None, code: str | None
) -> None:
    try:
        await bot.set_my_commands(listed, scope, language_code=code)
    except TelegramError as error:
        log.warning("the commands cannot be listed", language=code, error=type(error).__name__)
