"""Private chats -> assistant."""

from __future__ import annotations

from telegram import Chat, Update
from telegram.error import TelegramError

from handlers.adapt import incoming_message, incoming_press
from handlers.services import Context, services


async def on_message(update: Update, context: Context) -> None:
    """Somebody wrote, sent or edited something."""
    message, chat = update.effective_message, update.effective_chat
    assert message is not None
    assert chat is not None
    edited = update.edited_message is not None
    incoming = incoming_message(message, update.effective_user, edited=edited)
    here = services(context)
    await here.assistant.handle(update.update_id, chat.id, incoming, here.clock())


async def on_command_elsewhere(update: Update, context: Context) -> None:
    """Somebody sent a command in a group that is not the staff's."""
    chat, user = update.effective_chat, update.effective_user
    assert chat is not None
    here = services(context)
    language = user.language_code if user else None
    await here.assistant.refuse_elsewhere(update.update_id, chat.id, language, here.clock())


async def on_press(update: Update, context: Context) -> None:
    """Somebody pressed a button below one of our messages; outside a private chat it does nothing.

    What is pressed in a group would otherwise make a person, even a case, of the group.
    """
    query, chat = update.callback_query, update.effective_chat
    assert query is not None
    here = services(context)
    if chat is None or chat.type != Chat.PRIVATE:
        await here.desk.set_aside(update.update_id)
        first = here.content.first_language(query.from_user.language_code)
        voice = here.content.voice(first, here.clock())
        await acknowledge(update, voice.label("only-private"))
        return
    incoming = incoming_press(query)
    await here.assistant.handle(update.update_id, chat.id, incoming, here.clock())
    await acknowledge(update)


async def acknowledge(update: Update, text: str | None = None) -> None:
    """Stop the button's clock, perhaps with a pop-up. An old press cannot be answered any more."""
    assert update.callback_query is not None
    try:
        await update.callback_query.answer(text, show_alert=text is not None)
    except TelegramError:
        return
