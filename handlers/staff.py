"""The staff group -> desk. Only its members act; from anywhere else nothing happens."""

from __future__ import annotations

from telegram import ChatMember, Message, Update

from assistant import STAFF_LANGUAGE
from desk import RepliedTo
from handlers.adapt import case_named_by, staff_member
from handlers.people import acknowledge
from handlers.services import Context, Services, services

_MEMBERS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)


async def on_message(update: Update, context: Context) -> None:
    """A volunteer wrote: a reply to a case's message goes to the person, the rest is a note."""
    here = services(context)
    message, user = update.effective_message, update.effective_user
    assert message is not None
    if user is None or user.is_bot:
        await here.desk.set_aside(update.update_id)
        return
    to = _replied_to(message, context.bot.id)
    if to is None:
        await here.desk.set_aside(update.update_id)
        return
    post = (message.chat_id, message.message_id)
    await here.desk.reply(update.update_id, staff_member(user), post, to, here.clock())


def _replied_to(message: Message, bot_id: int) -> RepliedTo | None:
    """Return what a message in the group replies to, if anything."""
    replied = message.reply_to_message
    # In a topic every message "replies" to the one that made the topic: that is no reply.
    if replied is None or (
        message.is_topic_message and replied.message_id == message.message_thread_id
    ):
        return None
    ours = replied.from_user is not None and replied.from_user.id == bot_id
    return RepliedTo(replied.message_id, ours, case_named_by(replied) if ours else None)


async def on_press(update: Update, context: Context) -> None:
    """A volunteer pressed claim or close."""
    here = services(context)
    query = update.callback_query
    assert query is not None
    if not await _from_staff(update, context, here):
        await here.desk.set_aside(update.update_id)
        voice = here.content.voice(STAFF_LANGUAGE, here.clock())
        await acknowledge(update, voice.label("staff-only"))
        return
    assert query.message is not None
    parts = (query.data or "").split(":")
    action, code = parts[1:] if len(parts) == 3 else ("", "")
    staff = staff_member(query.from_user)
    post = (query.message.chat.id, query.message.message_id)
    told = await here.desk.press(update.update_id, staff, post, action, code, here.clock())
    await acknowledge(update, told)


async def _from_staff(update: Update, context: Context, here: Services) -> bool:
    """Whether the press comes from the staff group and from somebody who is in it now."""
    chat, user = update.effective_chat, update.effective_user
    if chat is None or user is None or chat.id != here.staff_chat.id:
        return False
    # When Telegram does not say, nobody knows: the inbox tries the press again.
    member = await context.bot.get_chat_member(chat.id, user.id)
    restricted_member = getattr(member, "is_member", False)
    return member.status in _MEMBERS or bool(restricted_member)
