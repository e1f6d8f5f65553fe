"""The running bot: everything is built here from Config, started, and ended in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from assistant import Assistant
from cases.deadlines import Limits
from cases.model import Case
from config import Config
from conversation import alerts
from conversation.content import JAPAN, Content
from delivery.inbox import Inbox
from delivery.outbox import Outbox
from delivery.polling import poll
from delivery.request import Request
from delivery.send import may_write
from delivery.sender import Sender
from delivery.waiting import until_it_works
from delivery.webhook import Webhook, listening, set_webhook, webhook_app
from desk.board import BoardDesk
from desk.follow_up import FollowUps
from desk.groups import Groups
from desk.ladder import Ladder
from desk.selftest import SelfTest
from desk.steps import Desk
from errors import ConfigError, StorageError, UnavailableError
from handlers import failures, staff
from handlers.adapt import is_cry_for_help
from handlers.listing import list_commands
from handlers.membership import coordinators, who_left
from handlers.register import register
from handlers.selftest import surroundings
from handlers.services import Services
from health import Health
from metrics import Metrics
from storage.database import Database
from storage.keys import check_look_up_key
from storage.locks import holding
from storage.migrate import migrate
from storage.outbox import Keyboard, Outgoing, Purpose
from storage.outcomes import release_claims
from storage.purge import purge
from storage.relay import Words
from storage.staff_chats import StaffChats

log = structlog.get_logger()

AnyApplication = Application[Any, Any, Any, Any, Any, Any]
Clock = Callable[[], dt.datetime]
# How long to wait when Telegram does not answer at the start.
TELEGRAM_AGAIN_S = 5.0
DATABASE_AGAIN_S = 1.0
PURGE_EVERY_S = 3600.0


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Running:
    """What a running bot consists of, for tests to look at."""

    inbox: Inbox
    outbox: Outbox
    ladder: Ladder
    board: BoardDesk
    self_test: SelfTest
    follow_ups: FollowUps
    database: Database
    metrics: Metrics


@contextlib.asynccontextmanager
async def serving(config: Config, content: Content, clock: Clock = now) -> AsyncIterator[Running]:
    """Serve Telegram while the block runs; what is left undone stays stored.

    Raises ConfigError where the token or the staff group is missing.
    """
    if config.telegram_bot_token is None:
        raise ConfigError("TELEGRAM_BOT_TOKEN is missing")
    if config.staff_chat_id is None:
        raise ConfigError("STAFF_CHAT_ID is missing: alarms need a group of volunteers to go to")
    keys = [key.get_secret_value() for key in config.encryption_keys]
    database = Database(config.database_url, keys)
    metrics = Metrics(content.translations.languages)
    health = Health(metrics)
    chats = StaffChats(config.staff_chat_id, config.staff_chats)
    groups = Groups(database, content, chats)
    application = _application(config.telegram_bot_token.get_secret_value(), config)
    bot = application.bot
    outbox = _outbox(bot, groups, clock, metrics)
    limits = Limits.of_minutes(config.lease_min, content.knowledge.ladders)
    here = Services(
        assistant=Assistant(database, content, limits, metrics, outbox.wake, chats),
        desk=Desk(database, content, limits, metrics, outbox.wake),
        content=content,
        chats=chats,
        groups=groups,
        clock=clock,
    )
    register(application, here)
    inbox = _inbox(database, application, here, metrics)
    ladder = Ladder(
        here.desk,
        lambda group_id: coordinators(bot, chats.chat_of(group_id)),
        lambda group_id, staff_ids: who_left(bot, chats.chat_of(group_id), staff_ids),
        one_group=not chats.other_ids,
    )
    board = BoardDesk(here.desk, chats)
    follow_ups = FollowUps(here.desk)
    wanted = [*config.languages, *config.staff_chats]
    self_test = SelfTest(
        here.desk,
        groups,
        lambda chat_id: surroundings(bot, chat_id),
        lambda chat_id: may_write(bot, chat_id),
        sorted(set(wanted) - set(content.translations.languages)),
        clock,
    )
    # Ended in reverse: first nothing new comes in, then nothing is done, then nothing is sent.
    async with contextlib.AsyncExitStack() as running:
        if config.metrics_listen:
            await running.enter_async_context(_in_background(health.serve(config.metrics_listen)))
        running.push_async_callback(database.close)
        if database.file is not None:
            # One process serves a file; a second one waits, ready to take over.
            await running.enter_async_context(holding(database, "serving"))
        health.waits_for = "database"
        await _once_available(lambda: _prepare(groups, clock()))
        health.waits_for = "telegram"
        await _initialize(application)
        running.push_async_callback(application.shutdown)
        await running.enter_async_context(_in_background(outbox.run()))
        await _once_available(inbox.replay)
        await running.enter_async_context(_in_background(inbox.run()))
        await running.enter_async_context(_in_background(health.watch_backlog(database, clock)))
        await running.enter_async_context(_in_background(inbox.take_over()))
        await running.enter_async_context(_in_background(ladder.run(clock)))
        await running.enter_async_context(_in_background(board.run(clock)))
        await running.enter_async_context(_in_background(follow_ups.run(clock)))
        await running.enter_async_context(_in_background(_purge(database, clock, metrics)))
        await running.enter_async_context(_taking_in(config, database, bot, inbox, metrics))
        await running.enter_async_context(
            _in_background(list_commands(bot, content, chats, clock()))
        )
        health.waits_for = None
        await running.enter_async_context(_in_background(self_test.run()))
        yield Running(inbox, outbox, ladder, board, self_test, follow_ups, database, metrics)


def _outbox(bot: Bot, groups: Groups, clock: Clock, metrics: Metrics) -> Outbox:
    """Build the way out; what it says by itself comes from the content."""
    database, content, chats = groups.database, groups.content, groups.chats

    def staff_text(key: str, **values: str) -> str:
        return content.staff_voice(clock()).say(key, **values)

    def topic_name(case: Case) -> str:
        return alerts.topic_name(content.staff_voice(clock()), case)

    def repeat_mark(language: str | None) -> str:
        if language is None:
            return staff_text("staff-maybe-repeat")
        return content.voice(content.first_language(language), clock()).say("maybe-repeat")

    def merged(said: Sequence[Words]) -> str:
        at = [dt.datetime.fromisoformat(words.at).astimezone(JAPAN) for words in said]
        return alerts.merged(content.staff_voice(clock()), at, [words.text for words in said])

    def buttons(case: Case) -> Keyboard:
        return alerts.buttons(content.staff_voice(clock()), case)

    sender = Sender(database, bot, chats, clock, topic_name, repeat_mark, merged, buttons)
    return Outbox(database, sender, chats, clock, staff_text, groups.shut_out, metrics)


def _inbox(
    database: Database, application: AnyApplication, here: Services, metrics: Metrics
) -> Inbox:
    """Build the way in, which does an update by the registered handlers."""
    bot = application.bot

    async def process(update: Update) -> bool:
        await staff.follow_group(update, here)
        await application.process_update(update)
        error = here.take_failure(update.update_id)
        if isinstance(error, UnavailableError):
            raise error
        return error is None

    def notice_of_failure(update_id: int) -> Outgoing:
        voice = here.content.staff_voice(here.clock())
        text = voice.say("staff-failed-update", number=str(update_id))
        return Outgoing(None, Purpose.NOTICE, text)

    return Inbox(
        database,
        bot,
        process,
        on_unstored=lambda update: failures.emergency_without_storage(update, bot, here),
        on_given_up=lambda update: failures.tell_of_failure(update, bot, here),
        notice_of_failure=notice_of_failure,
        is_urgent=lambda raw: is_cry_for_help(raw, here.content.judge),
        clock=here.clock,
        metrics=metrics,
    )


def _application(token: str, config: Config) -> AnyApplication:
    api_url = config.telegram_api_url
    builder = Application.builder().token(token).updater(None)
    builder = builder.base_url(f"{api_url}/bot").base_file_url(f"{api_url}/file/bot")
    return builder.request(Request()).get_updates_request(Request()).build()


async def _prepare(groups: Groups, now: dt.datetime) -> None:
    """Bring the schema up to date, and take up what a process that died left half done."""
    database = groups.database
    # The lock below is waited for in silence.
    await database.check_access()
    async with holding(database, "migrating"):
        await migrate(database)
    async with database.begin() as tx:
        await check_look_up_key(tx)
        await groups.chats.load(tx)
        await groups.adopt(tx, now)
        if database.file is not None:
            await release_claims(tx, now)


async def _once_available(work: Callable[[], Awaitable[None]]) -> None:
    """Do it as soon as the database can: one that is locked at the start is waited for."""
    said = "the database is not available; trying again"
    await until_it_works(work, UnavailableError, DATABASE_AGAIN_S, said)


async def _purge(database: Database, clock: Clock, metrics: Metrics) -> None:
    """Forget for ever what is no longer needed."""
    while True:
        try:
            with metrics.step("purge"):
                async with database.begin() as tx:
                    gone = await purge(tx, clock())
            log.info("forgotten", **{what.replace(" ", "_"): count for what, count in gone.items()})
        except StorageError:
            log.exception("nothing could be forgotten; trying again later")
        await asyncio.sleep(PURGE_EVERY_S)


@contextlib.asynccontextmanager
async def _taking_in(
    config: Config, database: Database, bot: Bot, inbox: Inbox, metrics: Metrics
) -> AsyncIterator[None]:
    """Have updates brought, or fetch them, while the block runs."""
    if config.webhook_url and config.webhook_secret:
        webhook = Webhook(config.webhook_url, config.webhook_secret.get_secret_value())
        app = webhook_app(webhook, inbox.put)
        async with (
            listening(app, config.host, config.port),
            _in_background(set_webhook(bot, webhook)),
        ):
            yield
    else:
        async with _in_background(_poll(database, bot, inbox, metrics)):
            yield


async def _poll(database: Database, bot: Bot, inbox: Inbox, metrics: Metrics) -> None:
    """Fetch updates whenever no other process does."""
    while True:
        async with holding(database, "polling") as held:
            with metrics.fetching():
                await poll(bot, inbox.put, held, metrics)


async def _initialize(application: AnyApplication) -> None:
    """Wait for Telegram to answer; raises ConfigError when it knows no such token."""

    async def initialize() -> None:
        try:
            await application.initialize()
        except InvalidToken:
            raise ConfigError("TELEGRAM_BOT_TOKEN: Telegram knows no bot with it") from None

    said = "Telegram cannot be reached; trying again"
    await until_it_works(initialize, TelegramError, TELEGRAM_AGAIN_S, said)


@contextlib.asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do `work` while the block runs; what is left of it is cancelled at the end.

    When it breaks, the block is ended too: a bot that no longer fetches or sends must not go on.
    What either raised is raised by itself, not in a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as raised:
        first = raised.exceptions[0]
        raise first from first.__cause__
