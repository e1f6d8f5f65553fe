"""The staff group -> desk. Only its members act; from anywhere else nothing happens."""

from __future__ import annotations

from telegram import Bot, Message, Update

from assistant import STAFF_LANGUAGE
from cases.model import Claim
from desk import RepliedTo
from desk_cards import Said
from handlers.adapt import case_named_by, staff_member
from handlers.membership import is_coordinator, is_member
from handlers.people import acknowledge
from handlers.services import Context, Services, services


async def follow_group(update: Update, here: Services) -> None:
    """Learn where the group is now, before an update that may be from there is looked at.

    Telegram tells of an upgrade in the new group, before anything else there; of several processes
    one reads it. Raises StorageError.
    """
    chat, message = update.effective_chat, update.effective_message
    if chat is None or chat.id > 0 or here.staff_chat.is_at(chat.id):
        return
    before = message.migrate_from_chat_id if message is not None else None
    configured_id = here.staff_chat.configured_id
    here.staff_chat.id = await here.desk.group_now(configured_id, chat.id, before)


async def on_message(update: Update, context: Context) -> None:
    """A volunteer wrote or edited something: what replies to nothing is a note."""
    here = services(context)
    message = update.effective_message
    assert message is not None
    to = _replied_to(message, context.bot.id)
    if to is None:
        await here.desk.set_aside(update.update_id)
        return
    if update.edited_message is not None:
        await here.desk.reply_edited(update.update_id, message.chat_id, to, here.clock())
        return
    post = (message.chat_id, message.message_id)
    author = await _author(message, context.bot, here)
    await here.desk.reply(update.update_id, author, post, to, here.clock())


async def on_say(update: Update, context: Context) -> None:
    """A volunteer asked for phrase cards; a command that was edited asks again."""
    here = services(context)
    message = update.effective_message
    assert message is not None
    topic_id = message.message_thread_id if message.is_topic_message else None
    to = _replied_to(message, context.bot.id)
    said = Said(" ".join(context.args or ()), message.chat_id, topic_id, to)
    author = await _author(message, context.bot, here)
    await here.cards.say(update.update_id, author, said, here.clock())


async def _author(message: Message, bot: Bot, here: Services) -> Claim | None:
    """Return who wrote in the group, or None for who may not act: no member, a channel, a bot.

    Only an administrator can write in the group's own name, and Telegram does not say which.
    """
    user, in_name_of = message.from_user, message.sender_chat
    if in_name_of is not None and in_name_of.id == message.chat_id:
        voice = here.content.voice(STAFF_LANGUAGE, here.clock())
        return Claim(in_name_of.id, voice.label("staff-coordinator"))
    if user is None or user.is_bot or in_name_of is not None:
        return None
    return staff_member(user) if await is_member(bot, message.chat_id, user.id) else None


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
    """A volunteer pressed a button below an alert or a list of cards."""
    here = services(context)
    query = update.callback_query
    assert query is not None
    if not await _from_staff(update, context, here):
        await here.desk.set_aside(update.update_id)
        voice = here.content.voice(STAFF_LANGUAGE, here.clock())
        await acknowledge(update, voice.label("staff-only"))
        return
    assert query.message is not None
    staff = staff_member(query.from_user)
    post = (query.message.chat.id, query.message.message_id)
    press = (update.update_id, staff, post)
    match (query.data or "").split(":"):
        case ["card", "groups" as action, code]:
            told = await here.cards.press(*press, action, code, "", here.clock())
        case ["card", "group" | "send" as action, code, item]:
            told = await here.cards.press(*press, action, code, item, here.clock())
        case ["case", "checklist", code]:
            told = await here.cards.give_checklist(*press, code, here.clock())
        case ["case", "release" as action, code]:
            coordinator = await is_coordinator(context.bot, post[0], staff.staff_id)
            told = await here.desk.press(
                *press, action, code, here.clock(), coordinator=coordinator
            )
        case ["case", action, code]:
            told = await here.desk.press(*press, action, code, here.clock())
        case _:
            told = await here.desk.press(*press, "", "", here.clock())
    await acknowledge(update, told)


async def _from_staff(update: Update, context: Context, here: Services) -> bool:
    """Whether the press comes from the staff group and from somebody who is in it now."""
    chat, user = update.effective_chat, update.effective_user
    if chat is None or user is None or not here.staff_chat.is_at(chat.id):
        return False
    return await is_member(context.bot, chat.id, user.id)
