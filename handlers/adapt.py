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
    replied = message.reply_to_message
    return Incoming(
        kind,
        text,
        message.message_id,
        _language(user),
        edited,
        has_media=message.text is None,
        replies_to=replied.message_id if replied else None,
        album=message.media_group_id,
        names_sender=_is_own_card(message) or _is_own_story(message),
        is_live=message.location is not None,
        answers_volunteer=_answers_volunteer(message),
    )


def names_somebody(message: Message) -> bool:
    """Return whether a volunteer's message, copied, would show the person who a volunteer is: the
    contact card of an account, a story, a mention of an account, or their own username."""
    user, words = message.from_user, (message.text or message.caption or "").lower()
    if message.contact is not None and (message.contact.user_id or _is_own_card(message)):
        return True
    entities = (*message.entities, *message.caption_entities)
    if message.story is not None or any(each.type == "text_mention" for each in entities):
        return True
    username = user.username if user else None
    return username is not None and f"@{username.lower()}" in words


def _is_own_card(message: Message) -> bool:
    card, user = message.contact, message.from_user
    if card is None or user is None:
        return False
    return card.user_id == user.id or (not card.user_id and card.first_name == user.first_name)


def _is_own_story(message: Message) -> bool:
    story, user = message.story, message.from_user
    return story is not None and user is not None and story.chat.id == user.id


def _answers_volunteer(message: Message) -> bool:
    """Whether a person replies to what a volunteer sent: below all that the bot says itself there
    are buttons."""
    replied = message.reply_to_message
    if replied is None or replied.from_user is None or not replied.from_user.is_bot:
        return False
    markup = replied.reply_markup or InlineKeyboardMarkup([])
    return not any(button.callback_data for row in markup.inline_keyboard for button in row)


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
