"""What a message costs the more people, cases and history there are.

    python -m benchmarks.growth --database postgresql+asyncpg://root@127.0.0.1/growth

Fills an empty PostgreSQL database step by step and measures at each size a person's message from
reading what is known of them to the commit (the matching included), the look of the way out for
what is due, the reading of what waits, and the hourly forgetting when there is nothing to forget.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from cryptography.fernet import Fernet
from sqlalchemy import text

from assistant import Assistant
from cases.deadlines import Limits
from conversation.content import Content, load_content
from conversation.messages import Incoming, Kind
from metrics import Metrics
from service import now
from storage import inbox
from storage.backlog import read_backlog
from storage.database import Database
from storage.migrate import migrate
from storage.outbox import first_of_people, first_of_staff
from storage.purge import purge
from storage.staff_chats import StaffChats

SIZES = (0, 10_000, 100_000, 1_000_000)
# Of so many people one has a case.
PEOPLE_PER_CASE = 10
MESSAGES = 100
FIRST_UPDATE = 10_000_000_000
WORDS = "cong ty khong tra luong 3 thang roi"

# People from :first to :last with what a month leaves of them: two updates and two messages each,
# and of every tenth a closed case.
FILL = """
INSERT INTO people (id, chat_hash, sealed_chat_id, language, sealed_state, seen_at)
SELECT 1000000000 + n, md5(n::text), :chat, 'vi', :state, now() - n % 300 * interval '1 day'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n;
INSERT INTO inbox (update_id, lane, state, attempts, received_at)
SELECT 2 * n + half, md5(n::text), 'done', 0, now() - n % 7 * interval '23 hours'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n, generate_series(0, 1) half;
INSERT INTO outbox (lane, priority, purpose, state, attempts, due_at, created_at, sent_at)
SELECT md5(n::text), 1, 'answer', 'sent', 0, t, t, t
FROM (SELECT n, now() - n % 29 * interval '1 day' AS t
      FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n) made,
     generate_series(0, 1);
INSERT INTO cases (id, code, person_id, language, state, origin, urgent_kind, opened_at, closed_at)
SELECT 1000000000 + n, 'C' || n, 1000000000 + n, 'vi', 'closed', 'alarm', 'violence',
       now() - interval '90 days', now() - interval '80 days'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n WHERE n % :per_case = 0;
INSERT INTO case_events (case_id, event, from_state, to_state, at)
SELECT 1000000000 + n, 'claim', 'waiting', 'claimed', now() - interval '80 days'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n, generate_series(1, 4)
WHERE n % :per_case = 0;
"""


async def grow(database: Database, first: int, last: int) -> None:
    """Add the people of these numbers and what is kept of them."""
    values = {
        "first": first,
        "last": last,
        "per_case": PEOPLE_PER_CASE,
        "chat": database.vault.seal(1),
        "state": database.vault.seal({}),
    }
    async with database.begin() as tx:
        for statement in filter(str.strip, FILL.split(";")):
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await tx.connection.execute(text(statement), used)
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))


async def milliseconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the median of doing it so many times."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def measure(database: Database, content: Content, numbers: itertools.count[int]) -> str:
    """Return a row of figures for the database as it is now."""
    limits = Limits.of_minutes(30, content.knowledge.ladders)
    assistant = Assistant(
        database, content, limits, Metrics(("vi", "en")), lambda: None, StaffChats(-1)
    )

    async def a_message() -> None:
        number = next(numbers)
        async with database.begin() as tx:
            lane = tx.vault.hash(number)
            await inbox.store(tx, {number: (lane, {"update_id": number})}, now())
        incoming = Incoming(Kind.TEXT, WORDS, 1, "vi")
        await assistant.handle(number, number, incoming, now())

    async def what_is_due() -> None:
        async with database.begin() as tx:
            await first_of_people(tx, now(), 32)
            await first_of_staff(tx, now())

    async def what_waits() -> None:
        async with database.begin() as tx:
            await read_backlog(tx, now())

    async def forget() -> None:
        async with database.begin() as tx:
            await purge(tx, now())

    await milliseconds(a_message, 10)
    async with database.begin() as tx:
        await tx.connection.execute(text("DELETE FROM outbox WHERE state = 'waiting'"))
    figures = [
        await milliseconds(a_message, MESSAGES),
        await milliseconds(what_is_due, MESSAGES),
        await milliseconds(what_waits, 10),
        await milliseconds(forget, 1),
    ]
    async with database.begin() as tx:
        await tx.connection.execute(text("DELETE FROM outbox WHERE state = 'waiting'"))
        people = (await tx.connection.execute(text("SELECT count(*) FROM people"))).scalar_one()
        cases = (await tx.connection.execute(text("SELECT count(*) FROM cases"))).scalar_one()
    return f"{people:>9}{cases:>9}" + "".join(f"{each:>10.1f} ms" for each in figures)


async def run(url: str) -> None:
    database = Database(url, [Fernet.generate_key().decode()])
    content = load_content()
    try:
        await migrate(database)
        numbers = itertools.count(FIRST_UPDATE)
        print(f"{'people':>9}{'cases':>9}{'message':>13}{'due':>13}{'waits':>13}{'forget':>13}")
        for before, size in itertools.pairwise((0, *SIZES)):
            if size > before:
                await grow(database, before + 1, size)
            print(await measure(database, content, numbers), flush=True)
    finally:
        await database.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--database", required=True, help="an empty PostgreSQL database")
    asyncio.run(run(parser.parse_args(arguments).database))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
