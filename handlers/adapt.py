"""Telegram's types -> ours."""

from __future__ import annotations

from telegram import CallbackQuery, Message, User

from cases.model import Claim
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


def staff_member(user: User) -> Claim:
    """Return the volunteer who acts; the name is shown to the staff only."""
    return Claim(user.id, user.full_name)


def _language(user: User | None) -> str | None:
    return user.language_code if user else None
