"""When something breaks: what is logged, and what the person still gets."""

from __future__ import annotations

import structlog
from telegram import Bot, Update

from conversation import menus
from conversation.messages import Reply
from delivery.retry import Failure
from delivery.send import send
from handlers.adapt import incoming_message, incoming_press
from handlers.services import Context, Services, services
from matching.judgement import Urgency
from storage.outbox import Outgoing, Purpose

log = structlog.get_logger()


async def on_error(update: object, context: Context) -> None:
    """Log the kind of error and the update's id, never what it holds; the inbox tries again."""
    if isinstance(update, Update) and context.error is not None:
        services(context).note_failure(update.update_id, context.error)
        kind = type(context.error).__name__
        log.error("a handler failed", update_id=update.update_id, error=kind)


async def emergency_without_storage(update: Update, bot: Bot, here: Services) -> bool:
    """Send the emergency card with nothing but the content, where the message asks for it.

    Returns False where it was asked for and did not arrive for certain.
    """
    chat = update.effective_chat
    if chat is None or chat.type != "private":
        return True
    message, query = update.effective_message, update.callback_query
    if query is not None:
        incoming = incoming_press(query)
    elif message is not None:
        incoming = incoming_message(message, update.effective_user, edited=False)
    else:
        return True
    judgement = here.content.judge.judge(incoming.text) if incoming.text else None
    asked = incoming.text.lstrip("/").startswith("emergency")
    if not asked and (judgement is None or judgement.urgency is not Urgency.ESCALATE):
        return True
    code = judgement.language if judgement and not asked else ""
    offered = code if code in here.content.translations.languages else None
    first = here.content.first_language(incoming.account_language)
    voice = here.content.voice(offered or first, here.clock())
    return await _send_directly(bot, chat.id, menus.emergency(voice))


async def tell_of_failure(update: Update, bot: Bot, here: Services) -> None:
    """Tell the person that their message was kept but not understood by us, with the card.

    Nothing is shown to whoever holds the phone of somebody who has hidden the chat.
    """
    chat, user = update.effective_chat, update.effective_user
    if chat is None or chat.type != "private":
        return
    if await here.assistant.is_hidden(chat.id):
        return
    first = here.content.first_language(user.language_code if user else None)
    voice = here.content.voice(first, here.clock())
    card = menus.emergency(voice)
    broke = voice.say("something-broke")
    await _send_directly(bot, chat.id, Reply(f"{broke}\n\n{card.text}", card.buttons))


async def _send_directly(bot: Bot, chat_id: int, reply: Reply) -> bool:
    message = Outgoing(chat_id, Purpose.ANSWER, reply.text, reply.buttons)
    outcome = await send(bot, message, chat_id)
    if isinstance(outcome, Failure):
        log.error("the emergency card was not sent", trouble=outcome.trouble.value)
        return False
    return True
