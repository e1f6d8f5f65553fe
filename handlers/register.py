"""The list of handlers, in order; exactly one takes an update."""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from handlers import failures, people, staff
from handlers.services import Context, Services, services


class _StaffChat(filters.UpdateFilter):
    """Updates from a group of the staff, whatever id it has now."""

    def __init__(self, here: Services) -> None:
        super().__init__()
        self._here = here

    def filter(self, update: Update) -> bool:
        chat = update.effective_chat
        return chat is not None and self._here.chats.is_at(chat.id)


def register(application: Application[Any, Any, Any, Any, Any, Any], here: Services) -> None:
    """Add every handler; `here` is what they call."""
    application.bot_data["services"] = here
    written = filters.UpdateType.MESSAGES
    private = filters.ChatType.PRIVATE
    application.add_handlers(
        [
            CallbackQueryHandler(staff.on_press, pattern=r"^(case|card|hand|queue|answer):"),
            CommandHandler(list(staff.COMMANDS), staff.on_command, _StaffChat(here)),
            MessageHandler(_StaffChat(here) & written, staff.on_message),
            MessageHandler(private & written, people.on_message),
            MessageHandler(
                filters.ChatType.GROUPS & filters.COMMAND & filters.UpdateType.MESSAGE,
                people.on_command_elsewhere,
            ),
            CallbackQueryHandler(people.on_press),
            ChatMemberHandler(staff.on_bot_s_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            TypeHandler(Update, _set_aside),
        ]
    )
    application.add_error_handler(failures.on_error)


async def _set_aside(update: Update, context: Context) -> None:
    await services(context).desk.set_aside(update.update_id)
