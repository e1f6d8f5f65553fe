"""Who is in a group at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from telegram import Bot, ChatMember, User
from telegram.error import BadRequest, TelegramError

from cases.model import Claim
from delivery.retry import Trouble
from delivery.send import failure_of
from desk.asked import Volunteer
from errors import UnavailableError
from handlers.adapt import staff_member

log = structlog.get_logger()

_COORDINATORS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)
_MEMBERS = (*_COORDINATORS, ChatMember.MEMBER)
# An alarm waits for no longer to learn who has left.
WHO_LEFT_MAX_S = 3.0
# The Bot API's words for somebody who never was in the group.
_NOBODY = ("user not found", "member not found", "participant_id_invalid")


async def volunteer(bot: Bot, chat_id: int, user: User) -> Volunteer | None:
    """Return somebody as the volunteer that they are if they are in a group now, else None. An
    administrator of it is a coordinator. Raises as `_member`."""
    member = await _member(bot, chat_id, user.id)
    if member is None:
        return None
    if _is_there(member):
        is_coordinator = member.status in _COORDINATORS
        return Volunteer(staff_member(user), is_coordinator, user.language_code, user.username)
    return None


async def who_left(bot: Bot, chat_id: int, user_ids: Sequence[int]) -> frozenset[int]:
    """Return which of these are in the group no more. Of whom Telegram does not say, nobody has
    left: no alarm waits for it."""

    async def has_left(user_id: int) -> bool:
        try:
            member = await _member(bot, chat_id, user_id)
        except (TelegramError, UnavailableError):
            return False
        return member is None or not _is_there(member)

    try:
        async with asyncio.timeout(WHO_LEFT_MAX_S):
            left = await asyncio.gather(*(has_left(user_id) for user_id in user_ids))
    except TimeoutError:
        return frozenset()
    return frozenset(user_id for user_id, gone in zip(user_ids, left, strict=True) if gone)


def _is_there(member: ChatMember) -> bool:
    return member.status in _MEMBERS or bool(getattr(member, "is_member", False))


async def coordinators(bot: Bot, chat_id: int) -> tuple[Claim, ...]:
    """Return the administrators of a group who show their names; nobody while Telegram does not
    say: no alarm waits for names."""
    try:
        found = await bot.get_chat_administrators(chat_id)
    except TelegramError as error:
        log.warning("nobody says who the administrators are", error=type(error).__name__)
        return ()
    shown = (
        each for each in found if not each.user.is_bot and not getattr(each, "is_anonymous", False)
    )
    return tuple(staff_member(each.user) for each in shown)


async def _member(bot: Bot, chat_id: int, user_id: int) -> ChatMember | None:
    """Return what somebody is in a group now; None for whoever never was there.

    Raises UnavailableError while Telegram does not say (the update is not to blame, and is tried
    until it does), TelegramError where it refuses the question.
    """
    try:
        return await bot.get_chat_member(chat_id, user_id)
    except TelegramError as error:
        if isinstance(error, BadRequest) and any(known in str(error).lower() for known in _NOBODY):
            return None
        failure = failure_of(error)
        if failure.moved_to is not None:
            # An upgraded group keeps its members.
            return await _member(bot, failure.moved_to, user_id)
        if failure.trouble is Trouble.REJECTED:
            raise
        raise UnavailableError("Telegram does not say who is in the staff group") from error
