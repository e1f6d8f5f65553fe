"""Telegram's types -> ours."""

from __future__ import annotations

from typing import Any

from telegram import CallbackQuery, InlineKeyboardMarkup, Message, User

from cases.model import Claim
from conversation.content import Judge
from conversation.messages import Incoming, Kind


def incoming_message(message: Message, user: User | None, *, edited: bool) -> Incoming:
    """Return what somebody wrote or sent. A caption is text like any other."""
    text = message.text or message.caption or ""
    if text.startswith("/") and message.text and not edited:
        kind = Kind.COMMAND
    else:
        kind = Kind.TEXT if text.strip() else Kind.OTHER
    return Incoming(kind, text, message.message_id, _language(user), edited)


def incoming_press(query: CallbackQuery) -> Incoming:
    """Return the button that somebody pressed."""
    return Incoming(Kind.BUTTON, query.data or "", None, _language(query.from_user))


def is_cry_for_help(raw: dict[str, Any], judge: Judge) -> bool:
    """Return whether an update, as the Bot API sends it, holds words of danger."""
    for what in raw.values():
        if isinstance(what, dict):
            words = what.get("text") or what.get("caption")
            # "/help" asks for the list of commands.
            if isinstance(words, str) and not words.startswith("/"):
                return judge.is_urgent(words)
    return False


def staff_member(user: User) -> Claim:
    """Return the volunteer who acts; the name is shown to the staff only."""
    return Claim(user.id, user.full_name)


def case_named_by(message: Message) -> str | None:
    """Return the code of the case that the buttons below a message of ours are for, if any."""
    markup = message.reply_markup or InlineKeyboardMarkup([])
    for button in (button for row in markup.inline_keyboard for button in row):
        if isinstance(button.callback_data, str) and button.callback_data.startswith("case:"):
            return button.callback_data.rpartition(":")[2]
    return None


def _language(user: User | None) -> str | None:
    return user.language_code if user else None
