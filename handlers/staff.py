"""The staff group -> desk. Only its members act; from anywhere else nothing happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping

from telegram import Bot, Message, Update

from cases.model import Claim
from delivery.send import may_write
from desk.asked import Pressed, RepliedTo, Said, Volunteer, Wrote
from handlers.adapt import case_named_by, names_somebody, staff_member
from handlers.membership import volunteer
from handlers.people import acknowledge
from handlers.services import Context, Services, services

Command = Callable[[Said, dt.datetime], Awaitable[None]]
Press = Callable[[Pressed, dt.datetime], Awaitable[str | None]]

# What volunteers can write; listed in their menu in this order, described by `staff-command-…`.
COMMANDS: Mapping[str, Callable[[Services], Command]] = {
    "next": lambda here: here.queue.next,
    "mine": lambda here: here.queue.mine,
    "say": lambda here: here.cards.say,
    "handover": lambda here: here.handover.ask,
    "takeover": lambda here: here.handover.take_over,
    "answer": lambda here: here.answers.look_up,
    "case": lambda here: here.history.case,
    "history": lambda here: here.history.history,
    "search": lambda here: here.history.search,
    "block": lambda here: here.blocking.block,
    "unblock": lambda here: here.blocking.unblock,
    "duty": lambda here: here.duty.duty,
    "languages": lambda here: here.duty.languages,
    "away": lambda here: here.duty.away,
    "gaps": lambda here: here.learning.gaps,
    "stats": lambda here: here.learning.stats,
}

# What the buttons in the group do, by the shape of their callback data: what, how, then the case's
# code and perhaps an item.
PRESSES: Mapping[str, Callable[[Services], Press]] = {
    "case:claim:*": lambda here: here.desk.press,
    "case:release:*": lambda here: here.desk.press,
    "case:close:*": lambda here: here.closing.press,
    "case:handed:*": lambda here: here.closing.press,
    "case:outcome:*:*": lambda here: here.closing.press,
    "case:back:*": lambda here: here.closing.press,
    "case:safe:*": lambda here: here.cards.ask_safe,
    "case:checklist:*": lambda here: here.cards.give_checklist,
    "case:handover:*": lambda here: here.handover.choose,
    "case:takeover:*": lambda here: here.handover.press_take_over,
    "hand:to:*:*": lambda here: here.handover.offer,
    "hand:accept:*": lambda here: here.handover.accept,
    "hand:decline:*": lambda here: here.handover.decline,
    "queue:next": lambda here: here.queue.press_next,
    "card:groups:*": lambda here: here.cards.press,
    "card:group:*:*": lambda here: here.cards.press,
    "card:send:*:*": lambda here: here.cards.press,
    "answer:send:*:*": lambda here: here.answers.send,
}


async def follow_group(update: Update, here: Services) -> None:
    """Learn where the groups are now, before an update that may be from one is looked at.

    Telegram tells of an upgrade in the new group, before anything else there; of several processes
    one reads it. Raises StorageError.
    """
    chat, message = update.effective_chat, update.effective_message
    if chat is None or chat.id > 0 or here.chats.is_at(chat.id):
        return
    before = message.migrate_from_chat_id if message is not None else None
    await here.groups.follow(chat.id, before)


async def on_bot_s_membership(update: Update, context: Context) -> None:
    """Somebody let the bot into a group, or put it out: then the next message there will tell."""
    here, chat = services(context), update.effective_chat
    group_id = here.chats.other(chat.id) if chat else None
    may = group_id is not None and await may_write(context.bot, here.chats.chat_of(group_id))
    await here.groups.note_let_in(update.update_id, group_id if may else None, here.clock())
    here.desk.sent()


async def on_message(update: Update, context: Context) -> None:
    """A volunteer wrote, sent or edited something: what replies to nothing is a note."""
    here = services(context)
    message = update.effective_message
    assert message is not None
    post, edited = (message.chat_id, message.message_id), update.edited_message is not None
    if message.left_chat_member is not None:
        await here.duty.left(update.update_id, message.left_chat_member.id)
        return
    to = _replied_to(message, context.bot.id)
    if to is None:
        is_note = not edited and (message.text or message.effective_attachment)
        topic_id = message.message_thread_id if message.is_topic_message and is_note else None
        topic = (here.chats.other(message.chat_id), topic_id) if topic_id else None
        await here.relay.note(update.update_id, post, topic, here.clock())
        return
    wrote = Wrote(
        update.update_id,
        await _author(message, context.bot, here),
        post,
        to,
        message.text or message.caption or "",
        has_media=message.text is None,
        album=message.media_group_id,
        names_somebody=names_somebody(message),
        group_id=here.chats.other(message.chat_id),
    )
    await (here.relay.edited if edited else here.relay.reply)(wrote, here.clock())


async def on_command(update: Update, context: Context) -> None:
    """A volunteer wrote a command of `COMMANDS`; one that was edited asks again."""
    here = services(context)
    message = update.effective_message
    assert message is not None
    name = (message.text or "/").split()[0][1:].partition("@")[0].lower()
    said = Said(
        update.update_id,
        await _author(message, context.bot, here),
        " ".join(context.args or ()),
        (message.chat_id, message.message_id),
        message.message_thread_id if message.is_topic_message else None,
        _replied_to(message, context.bot.id),
        here.chats.other(message.chat_id),
    )
    await COMMANDS[name](here)(said, here.clock())


async def _author(message: Message, bot: Bot, here: Services) -> Volunteer | None:
    """Return who wrote in the group, or None for who may not act: no member, a channel, a bot.

    Only an administrator can write in the group's own name, and Telegram does not say which.
    """
    user, in_name_of = message.from_user, message.sender_chat
    if in_name_of is not None and in_name_of.id == message.chat_id:
        name = here.content.staff_voice(here.clock()).label("staff-coordinator")
        return Volunteer(Claim(in_name_of.id, name), is_coordinator=True)
    if user is None or user.is_bot or in_name_of is not None:
        return None
    return await volunteer(bot, message.chat_id, user)


def _replied_to(message: Message, bot_id: int) -> RepliedTo | None:
    """Return what a message in the group replies to, if anything."""
    replied = message.reply_to_message
    # In a topic every message "replies" to the one that made the topic: that is no reply.
    if replied is None or (
        message.is_topic_message and replied.message_id == message.message_thread_id
    ):
        return None
    user = replied.from_user
    ours = user is not None and user.id == bot_id
    code = case_named_by(replied) if ours else None
    is_colleague = user is not None and not user.is_bot and replied.sender_chat is None
    author = staff_member(user) if user is not None and is_colleague else None
    return RepliedTo(replied.message_id, ours, code, author)


async def on_press(update: Update, context: Context) -> None:
    """A volunteer pressed a button of `PRESSES`; what nobody knows any more does nothing."""
    here = services(context)
    query, chat = update.callback_query, update.effective_chat
    assert query is not None
    parts = (query.data or "").split(":")
    desk = PRESSES.get(":".join(parts[:2] + ["*"] * len(parts[2:])))
    is_staff = chat is not None and here.chats.is_at(chat.id)
    who = await volunteer(context.bot, chat.id, query.from_user) if chat and is_staff else None
    if who is None or desk is None or query.message is None:
        await here.desk.set_aside(update.update_id)
        voice = here.content.staff_voice(here.clock(), query.from_user.language_code)
        await acknowledge(update, voice.label("staff-only" if who is None else "staff-no-case"))
        return
    post = (query.message.chat.id, query.message.message_id)
    action, code, item = [*parts[1:], "", ""][:3]
    group_id = here.chats.other(query.message.chat.id)
    if here.chats.other_ids and await here.groups.is_elsewhere(code, group_id):
        await here.desk.set_aside(update.update_id)
        voice = here.content.staff_voice(here.clock(), query.from_user.language_code)
        await acknowledge(update, voice.label("staff-other-group"))
        return
    pressed = Pressed(update.update_id, who, post, action, code, item, group_id)
    await acknowledge(update, await desk(here)(pressed, here.clock()))
