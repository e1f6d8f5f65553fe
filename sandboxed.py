"""The same bot in a web page, on the stand-in for Telegram: no token, no network."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr

import commands
from config import Config
from conversation.content import Content
from sandbox.server import Server
from sandbox.telegram import Telegram, User
from service import serving

STAFF_GROUP = -1001000000001
SANDBOX_DATABASE = Path("data/sandbox.sqlite3")


@contextlib.asynccontextmanager
async def sandbox(config: Config, content: Content) -> AsyncIterator[str]:
    """Serve the sandbox while the block runs; yields the page's address."""
    telegram = Telegram()
    telegram.add_person(User(1001, "Lan", language_code="vi"))
    volunteers = [User(2001, "Hana"), User(2002, "Ken")]
    group = telegram.add_group(STAFF_GROUP, "Kakekomi volunteers", volunteers, forum=True)
    group.administrators.add(volunteers[0].id)
    server = Server(telegram, lambda text, hint: commands.explain(content, text, hint))
    address = await server.start(config.host, config.port)
    local = {
        "telegram_bot_token": SecretStr("1:sandbox"),
        "telegram_api_url": address,
        "staff_chat_id": STAFF_GROUP,
        "webhook_url": None,
        "database_url": _new_sandbox_database(),
    }
    try:
        async with serving(config.model_copy(update=local), content):
            yield address
    finally:
        await server.stop()


def _new_sandbox_database() -> str:
    """The stand-in forgets everything when it stops; what the bot keeps must not outlive it."""
    for old in SANDBOX_DATABASE.parent.glob(f"{SANDBOX_DATABASE.name}*"):
        old.unlink()
    return f"sqlite+aiosqlite:///{SANDBOX_DATABASE}"
