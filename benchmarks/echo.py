"""The least that a bot on python-telegram-bot can do: say again what was said, keep nothing."""

from __future__ import annotations

import os
import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say it again."""
    assert update.effective_message is not None
    await update.effective_message.reply_text(update.effective_message.text or "")


def main(api_url: str, at_once: int) -> None:
    """Serve until SIGTERM, so many updates at once."""
    builder = Application.builder().token("1:token").base_url(f"{api_url}/bot")
    builder = builder.concurrent_updates(at_once).connection_pool_size(at_once).pool_timeout(60.0)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    print("serves Telegram", flush=True)
    application.run_polling()


if __name__ == "__main__":
    main(os.environ["TELEGRAM_API_URL"], int(sys.argv[1]))
