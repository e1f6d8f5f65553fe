"""The staff group -> desk. Only its members act; from anywhere else nothing happens."""

from __future__ import annotations

from telegram import ChatMember, Update
from telegram.error import TelegramError

from assistant import STAFF_LANGUAGE
from delivery.retry import Trouble
from delivery.send import failure_of
from desk import RepliedTo
from errors import UnavailableError
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
    replied = message.reply_to_message
    # In a topic every message "replies" to the one that made the topic: that is no reply.
    made_topic = (
        message.is_topic_message and replied and replied.message_id == message.message_thread_id
    )
    to = None
    if replied and not made_topic:
        ours = replied.from_user is not None and replied.from_user.id == context.bot.id
        to = RepliedTo(replied.message_id, ours, case_named_by(replied) if ours else None)
    await here.desk.reply(
        update.update_id, staff_member(user), message.chat_id, message.message_id, to, here.clock()
    )


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
    try:
        member = await context.bot.get_chat_member(chat.id, user.id)
    except TelegramError as error:
        if failure_of(error).trouble in (Trouble.REJECTED, Trouble.MOVED):
            raise
        # The press is not to blame: it is tried until Telegram says who this is.
        raise UnavailableError("Telegram does not say who is in the staff group") from error
    restricted_member = getattr(member, "is_member", False)
    return member.status in _MEMBERS or bool(restricted_member)
