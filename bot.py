"""The command line. No other part of the program imports this module."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import commands
import reports
from config import Config, read_config, with_encryption_key
from conversation.content import Content, load_content
from errors import ConfigError, ContentError, KakekomiError, KeyMismatchError, SchemaError
from logs import set_up_logs
from sandboxed import sandbox
from service import now, serving
from storage.database import Database
from storage.keys import check_look_up_key, rekey
from storage.locks import holding
from storage.migrate import migrate
from storage.move import copy_all
from storage.purge import purge
from storage.vault import Vault
from translations.skeleton import add_language
from watchdog import watching


async def run(config: Config, *, in_sandbox: bool) -> None:
    """Run until SIGINT or SIGTERM."""
    config, made = with_encryption_key(config)
    if made:
        print("A key was made: ENCRYPTION_KEYS in .env. Keep it safe, apart from the database.")
    content = load_content(config.languages, config.data_folder, config.staff_language)
    in_sandbox = in_sandbox or config.telegram_bot_token is None
    work = asyncio.create_task(_serve(config, content, in_sandbox=in_sandbox))
    # Also one that only waits, for the database or for its turn, must end when told to.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _serve(config: Config, content: Content, *, in_sandbox: bool) -> None:
    """Serve until cancelled."""
    if in_sandbox:
        async with sandbox(config, content) as address:
            print(f"Kakekomi's sandbox is open at {address} (Ctrl+C stops it)", flush=True)
            await asyncio.Event().wait()
    else:
        async with serving(config, content) as running:
            with watching(running.metrics):
                print("Kakekomi serves Telegram (Ctrl+C stops it)", flush=True)
                await asyncio.Event().wait()


async def on_database(work: Callable[[Database], Awaitable[str]]) -> int:
    """Do something with the database of the settings, and print what came of it."""
    config, _ = with_encryption_key(read_config())
    database = Database(config.database_url, [k.get_secret_value() for k in config.encryption_keys])
    try:
        await database.check_access()
        print(await work(database))
    finally:
        await database.close()
    return 0


async def migrate_database(database: Database) -> str:
    return f"The database has schema {await migrate(database)}."


async def rekey_database(database: Database) -> str:
    """Seal everything with the first key of the settings, while nothing else uses the database."""
    config = read_config()
    to = Vault([config.encryption_keys[0].get_secret_value()])
    async with holding(database, "serving"), holding(database, "polling"):
        await migrate(database)
        async with database.begin() as tx:
            count = await rekey(tx, to)
    return (
        f"{count} values are sealed with the first key of ENCRYPTION_KEYS. Remove the others from "
        "the list before the bot starts; keep them as long as old backups must be readable."
    )


async def move_database(database: Database, options: argparse.Namespace) -> str:
    """Copy everything into the empty database at the `url` of the options, while nothing else uses
    either."""
    keys = [key.get_secret_value() for key in read_config().encryption_keys]
    target = Database(read_config(database_url=options.url).database_url, keys)
    try:
        async with holding(database, "serving"), holding(database, "polling"):
            await migrate(database)
            await migrate(target)
            async with database.begin() as source, target.begin() as tx:
                await check_look_up_key(source)
                counts = await copy_all(source, tx)
    finally:
        await target.close()
    lines = "\n".join(f"{count:>8} {name}" for name, count in counts.items())
    return f"Copied:\n{lines}\nPut the address into DATABASE_URL before the bot starts."


async def purge_database(database: Database) -> str:
    async with database.begin() as tx:
        gone = await purge(tx, now())
    return "Forgotten: " + ", ".join(f"{count} {what}" for what, count in gone.items())


def serve(options: argparse.Namespace) -> int:
    asyncio.run(run(read_config(), in_sandbox=options.command == "sandbox"))
    return 0


def on_database_with(
    work: Callable[[Database, argparse.Namespace], Awaitable[str]],
) -> Callable[[argparse.Namespace], int]:
    """Return a command that does something with the database and its own options."""
    return lambda options: asyncio.run(on_database(lambda database: work(database, options)))


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
    add("rekey", lambda _: asyncio.run(on_database(rekey_database)), "use a new encryption key")
    one = add("gaps", on_database_with(reports.gaps), "list what the bot could not answer")
    one.add_argument("--format", choices=("text", "csv"), default="text")
    one.add_argument("--days", type=int, default=reports.DAYS_KEPT, help="how many days back")
    one = add("report", on_database_with(reports.report), "write figures for donors")
    for name, dest in (("--from", "first_day"), ("--to", "last_day")):
        one.add_argument(
            name, dest=dest, type=dt.date.fromisoformat, metavar="DATE", required=True,
            help="a day in Japan, 2026-11-01",
        )  # fmt: skip
    one.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    one.add_argument("--output", type=Path, metavar="FILE", help="a new file; else it is printed")
    one = add(
        "move-to", on_database_with(move_database), "copy everything into another, empty database"
    )
    one.add_argument("url", help="such as postgresql+asyncpg://kakekomi@db/kakekomi")
    one = add("add-language", add_language, "write the skeleton of a new language")
    one.add_argument("code", help="BCP 47, such as id")
    one.add_argument("own_name", help="how the language calls itself")
    one.add_argument("script", help="ISO 15924, such as Latn")
    return top


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        config = read_config()
        options.folder = config.data_folder
        token = config.telegram_bot_token
        set_up_logs((token.get_secret_value(),) if token else ())
        return int(options.do(options))
    except (ConfigError, ContentError, KeyMismatchError, SchemaError) as error:
        # Only a human can mend it: the unit of systemd does not start the bot again on this code.
        print(error, file=sys.stderr)
        return os.EX_CONFIG
    except KakekomiError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
