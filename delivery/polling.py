"""Fetching updates: each is stored before the next call tells Telegram that it arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from telegram import Bot, Update
from telegram.error import RetryAfter, TelegramError

from delivery.inbox import Raw
from delivery.waiting import until_it_works
from errors import StorageError
from metrics import Metrics

log = structlog.get_logger()

# How long Telegram keeps a call open when there is nothing new.
LONG_POLL_S = 30
# How long to wait after a call that failed, growing to the longest.
WAIT_S = 1.0
LONGEST_WAIT_S = 30.0


async def poll(
    bot: Bot,
    put: Callable[[Sequence[Raw]], Awaitable[None]],
    held: Callable[[], Awaitable[bool]],
    metrics: Metrics,
) -> None:
    """Fetch updates and give them to `put`, in order, until this process is no longer the one that
    `held` says may do so; cancel to stop.

    What `put` refuses with StorageError is fetched again: the offset moves only past what was
    stored.
    """
    await _remove_webhook(bot)
    offset = 0
    wait_s = WAIT_S
    while True:
        try:
            # Only the waits lie outside the step: Telegram may ask for long ones.
            with metrics.step("polling"):
                if not await held():
                    return
                raws = await _fetch(bot, offset)
                metrics.fetched()
                if raws:
                    await put(raws)
                    offset = int(raws[-1]["update_id"]) + 1
            wait_s = WAIT_S
        except StorageError:
            # Telegram is well, and the next message may be a cry for help that can be answered
            # without the database: the wait does not grow.
            await asyncio.sleep(WAIT_S)
        except TelegramError as error:
            asked = _asked_wait_s(error)
            log.warning("no updates", error=type(error).__name__, wait_s=max(asked, wait_s))
            await asyncio.sleep(max(asked, wait_s))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)


async def _fetch(bot: Bot, offset: int) -> list[Raw]:
    # `Bot.get_updates` parses all updates together: one of an unknown shape would hold up the rest.
    # Spelt in lower case (the Bot API does not mind) the library does not point to that method.
    wish = {"offset": offset, "timeout": LONG_POLL_S, "allowed_updates": Update.ALL_TYPES}
    found: list[Raw] = await bot.do_api_request("getupdates", wish, read_timeout=LONG_POLL_S + 10.0)
    # The offset confirms all below it: whatever the order they come in, none is passed over.
    return sorted(found, key=lambda raw: int(raw["update_id"]))


async def _remove_webhook(bot: Bot) -> None:
    """Telegram gives updates either to a webhook or to whoever asks, never to both."""

    async def remove() -> None:
        await bot.delete_webhook()

    await until_it_works(remove, TelegramError, WAIT_S, "the webhook cannot be removed")


def _asked_wait_s(error: Exception) -> float:
    if not isinstance(error, RetryAfter):
        return 0.0
    wait = error.retry_after
    return wait if isinstance(wait, int) else wait.total_seconds()
