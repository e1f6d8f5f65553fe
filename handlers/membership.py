"""Who is in a group at this moment."""

from __future__ import annotations

from telegram import Bot, ChatMember
from telegram.error import BadRequest, TelegramError

from delivery.retry import Trouble
from delivery.send import failure_of
from errors import UnavailableError

_MEMBERS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
# The Bot API's words for somebody who never was in the group.
_NOBODY = ("user not found", "member not found", "participant_id_invalid")


async def is_member(bot: Bot, chat_id: int, user_id: int) -> bool:
    """Return whether somebody is in a group now.

    Raises UnavailableError while Telegram does not say (the update is not to blame, and is tried
    until it does), TelegramError where it refuses the question.
    """
    try:
        member = await bot.get_chat_member(chat_id, user_id)
    except TelegramError as error:
        if isinstance(error, BadRequest) and any(known in str(error).lower() for known in _NOBODY):
            return False
        failure = failure_of(error)
        if failure.moved_to is not None:
            # An upgraded group keeps its members.
            return await is_member(bot, failure.moved_to, user_id)
        if failure.trouble is Trouble.REJECTED:
            raise
        raise UnavailableError("Telegram does not say who is in the staff group") from error
    return member.status in _MEMBERS or bool(getattr(member, "is_member", False))
