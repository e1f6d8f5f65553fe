"""Who is in a group at this moment."""

from __future__ import annotations

import asyncio

import structlog
from telegram import Bot, ChatMember
from telegram.error import BadRequest, TelegramError

from delivery.retry import Trouble
from delivery.send import failure_of

log = structlog.get_logger()

AGAIN_S = 1.0
_MEMBERS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
# The Bot API's words for somebody who never was in the group.
_NOBODY = ("user not found", "member not found", "participant_id_invalid")
_PASSING = (
    Trouble.NOT_CONNECTED,
    Trouble.UNCERTAIN,
    Trouble.RATE_LIMITED,
    Trouble.SHUT_OUT,
)


async def is_member(bot: Bot, chat_id: int, user_id: int) -> bool:
    """Return whether somebody is in a group now; waits until Telegram can be asked.

    Raises TelegramError where Telegram refuses to say.
    """
    while True:
        try:
            member = await bot.get_chat_member(chat_id, user_id)
        except TelegramError as error:
            if isinstance(error, BadRequest) and any(
                known in str(error).lower() for known in _NOBODY
            ):
                return False
            failure = failure_of(error)
            if failure.moved_to is not None:
                # An upgraded group keeps its members.
                chat_id = failure.moved_to
            elif failure.trouble in _PASSING:
                log.warning("membership cannot be asked; trying again", error=type(error).__name__)
                await asyncio.sleep(max(failure.wait_s, AGAIN_S))
            else:
                raise
        else:
            return member.status in _MEMBERS or bool(getattr(member, "is_member", False))
