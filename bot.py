"""The command line, and the one place where everything is built from Config.

No other part of the program imports this module.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from telegram import BotCommand, Update
from telegram.ext import Application, ExtBot, Updater

import commands
from assistant import STAFF_LANGUAGE, Assistant
from cases.model import Case
from config import Config, read_config, with_encryption_key
from conversation import alerts
from conversation.content import Content, load_content
from conversation.press import LISTED_COMMANDS
from delivery.inbox import Inbox
from delivery.outbox import Outbox, StaffChat
from desk import Desk
from errors import ConfigError, KakekomiError
from handlers import failures
from handlers.register import register
from handlers.services import Services
from logs import set_up_logs
from sandbox.server import Server
from sandbox.telegram import Telegram, User
from storage.database import Database
from storage.migrate import migrate
from storage.outbox import current_staff_chat
from storage.purge import purge
from translations.skeleton import add_language

Clock = Callable[[], dt.datetime]
STAFF_GROUP = -1001000000001
SANDBOX_DATABASE = Path("data/sandbox.sqlite3")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Running:
    """What a running bot consists of, for tests to look at."""

    inbox: Inbox
    outbox: Outbox
    database: Database


@contextlib.asynccontextmanager
async def serving(
    config: Config, content: Content, token: str, api_url: str, staff: int, clock: Clock = now
) -> AsyncIterator[Running]:
    """Serve Telegram at `api_url` while the block runs; what is left undone stays stored."""
    keys = [key.get_secret_value() for key in config.encryption_keys]
    database = Database(config.database_url, keys)
    await migrate(database)
    async with database.begin() as tx:
        staff_chat = StaffChat(staff, await current_staff_chat(tx, staff))

    def staff_text(key: str, **values: str) -> str:
        return content.voice(STAFF_LANGUAGE, clock()).say(key, **values)

    def topic_name(case: Case) -> str:
        return alerts.topic_name(content.voice(STAFF_LANGUAGE, clock()), case)

    builder = Application.builder().token(token).updater(None)
    builder = builder.base_url(f"{api_url}/bot").base_file_url(f"{api_url}/file/bot")
    application = builder.connection_pool_size(64).pool_timeout(30.0).build()
    bot = application.bot
    outbox = Outbox(database, bot, staff_chat, clock, staff_text, topic_name)
    here = Services(
        assistant=Assistant(database, content, outbox.wake),
        desk=Desk(database, content, outbox.wake),
        content=content,
        staff_chat=staff_chat,
        clock=clock,
    )
    register(application, here)

    async def process(update: Update) -> bool:
        await application.process_update(update)
        return not here.take_failure(update.update_id)

    inbox = Inbox(
        database,
        bot,
        process,
        on_unstored=lambda update: failures.emergency_without_storage(update, bot, here),
        on_given_up=lambda update: failures.tell_of_failure(update, bot, here),
        clock=clock,
    )
    updater = Updater(bot, inbox)
    sending = asyncio.create_task(outbox.run())
    try:
        await application.initialize()
        await updater.initialize()
        await inbox.replay()
        await updater.start_polling(bootstrap_retries=-1, allowed_updates=Update.ALL_TYPES)
        await list_commands(bot, content, clock())
        yield Running(inbox, outbox, database)
    finally:
        if updater.running:
            await updater.stop()
        await inbox.stop()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await updater.shutdown()
        await application.shutdown()
        await database.close()


async def list_commands(bot: ExtBot[None], content: Content, moment: dt.datetime) -> None:
    """Tell Telegram the commands, described in each language."""
    first = content.voice(STAFF_LANGUAGE, moment)
    voices = {None: first} | {
        code: content.voice(code, moment) for code in content.translations.languages
    }
    for code, voice in voices.items():
        listed = [BotCommand(name, voice.label(f"command-{name}")) for name in LISTED_COMMANDS]
        await bot.set_my_commands(listed, language_code=code)


@contextlib.asynccontextmanager
async def sandbox(config: Config, content: Content) -> AsyncIterator[str]:
    """Serve the sandbox while the block runs; yields the page's address."""
    telegram = Telegram()
    telegram.add_person(User(1001, "Lan", language_code="vi"))
    volunteers = [User(2001, "Hana"), User(2002, "Ken")]
    telegram.add_group(STAFF_GROUP, "Kakekomi volunteers", volunteers, forum=True)
    server = Server(telegram, lambda text, hint: commands.explain(content, text, hint))
    address = await server.start(config.host, config.port)
    url = _new_sandbox_database()
    local = config.model_copy(update={"database_url": url})
    try:
        async with serving(local, content, "1:sandbox", address, STAFF_GROUP):
            yield address
    finally:
        await server.stop()


def _new_sandbox_database() -> str:
    """The stand-in forgets everything when it stops; what the bot keeps must not outlive it."""
    for old in SANDBOX_DATABASE.parent.glob(f"{SANDBOX_DATABASE.name}*"):
        old.unlink()
    return f"sqlite+aiosqlite:///{SANDBOX_DATABASE}"


async def run(config: Config, *, in_sandbox: bool) -> None:
    """Run until SIGINT or SIGTERM."""
    config, made = with_encryption_key(config)
    if made:
        print("A key was made: ENCRYPTION_KEYS in .env. Keep it safe, apart from the database.")
    content = load_content(config.languages)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if in_sandbox or config.telegram_bot_token is None:
        async with sandbox(config, content) as address:
            print(f"Kakekomi's sandbox is open at {address} (Ctrl+C stops it)", flush=True)
            await stop.wait()
        return
    if config.staff_chat_id is None:
        raise ConfigError("STAFF_CHAT_ID is missing: alarms need a group of volunteers to go to")
    token = config.telegram_bot_token.get_secret_value()
    async with serving(config, content, token, config.telegram_api_url, config.staff_chat_id):
        print("Kakekomi serves Telegram (Ctrl+C stops it)", flush=True)
        await stop.wait()


async def on_database(work: Callable[[Database], Awaitable[str]]) -> int:
    """Do something with the database of the settings, and print what came of it."""
    config, _ = with_encryption_key(read_config())
    database = Database(config.database_url, [k.get_secret_value() for k in config.encryption_keys])
    try:
        print(await work(database))
    finally:
        await database.close()
    return 0


async def migrate_database(database: Database) -> str:
    return f"The database has schema {await migrate(database)}."


async def purge_database(database: Database) -> str:
    async with database.begin() as tx:
        gone = await purge(tx, now())
    return ", ".join(f"{count} rows of {table} forgotten" for table, count in gone.items())


def serve(options: argparse.Namespace) -> int:
    asyncio.run(run(read_config(), in_sandbox=options.command == "sandbox"))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line; without a command the bot runs."""
    top = argparse.ArgumentParser(prog="bot.py", description="Kakekomi, for trainees in Japan.")
    top.set_defaults(do=serve, command="run")
    some = top.add_subparsers(title="commands", metavar="")

    def add(
        name: str, do: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        one = some.add_parser(name, help=text, description=text)
        one.set_defaults(do=do, command=name)
        return one

    add("run", serve, "serve Telegram; without TELEGRAM_BOT_TOKEN the sandbox")
    add("sandbox", serve, "open the sandbox, even where there is a token")
    add("check", commands.check, "find every fault in knowledge and translations")
    one = add("ask", commands.ask, "show how a message is judged and answered")
    one.add_argument("text")
    one.add_argument("--language", help="the person's language so far, such as vi")
    one.add_argument("--on", type=dt.date.fromisoformat, metavar="DATE", help="a day, 2027-04-02")
    add("classify", commands.classify, "judge JSON Lines from standard input")
    one = add("evaluate", commands.evaluate_files, "measure the matching on messages")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add("due", commands.due, "list what a human should look at")
    add("migrate", lambda _: asyncio.run(on_database(migrate_database)), "update the database")
    add("purge", lambda _: asyncio.run(on_database(purge_database)), "forget what is not needed")
    one = add("add-language", add_language, "write the skeleton of a new language")
    one.add_argument("code", help="BCP 47, such as id")
    one.add_argument("own_name", help="how the language calls itself")
    one.add_argument("script", help="ISO 15924, such as Latn")
    return top


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        token = read_config().telegram_bot_token
        set_up_logs((token.get_secret_value(),) if token else ())
        return int(options.do(options))
    except KakekomiError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
