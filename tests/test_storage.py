"""The database: SQLite always, PostgreSQL where there is one."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, inspect, select, text, update

from cases.lifecycle import step
from cases.model import Block, Claim, Event, Origin, State
from conversation.content import Content
from errors import KeyMismatchError, SchemaError, StorageError
from storage import inbox as inbox_rows
from storage.cases import case_by_code, case_of_person, open_case, save_step
from storage.chat_messages import newest_messages, remember_messages
from storage.database import Database, Transaction
from storage.flood import enqueue_copy
from storage.keys import check_look_up_key, rekey
from storage.message_pairs import add_pairs, message_of_person, post_of
from storage.migrate import migrate
from storage.outbox import (
    CLAIM,
    Outgoing,
    Purpose,
    claim,
    due_from_row,
    enqueue,
    first_of_people,
    first_of_staff,
)
from storage.outcomes import mark_again, mark_failed, mark_sent
from storage.people import add_person, find_person, save_block, save_person
from storage.purge import OUTCOMES_KEPT, UPDATES_KEPT, purge
from storage.relay import Relay, Words
from storage.tables import inbox, metadata, outbox
from storage.vault import Vault
from tests.conftest import POSTGRESQL
from tests.databases import KEY, emptied
from tests.limits import LIMITS
from tests.scene import GROUP, PERSON, scene, sqlite_url

NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)
HANA = Claim(601, "Hana")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await emptied(url)
    await migrate(database)
    yield database
    await database.close()


async def test_a_person_is_found_again_by_their_chat(database: Database) -> None:
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        changed = dataclasses.replace(
            person, language="en", state={"welcomed": True}, recent=["hello"]
        )
        await save_person(tx, changed, NOON)
    async with database.begin() as tx:
        assert await find_person(tx, PERSON) == changed
        assert await find_person(tx, PERSON + 1) is None


async def test_of_ten_claims_at_once_one_is_kept(database: Database) -> None:
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        before = await open_case(tx, "ABCDE", person.id, "vi", Origin.ALARM, "violence", NOON, NOON)

    async def claim(number: int) -> bool:
        volunteer = Claim(number, f"V{number}")
        after = step(before, Event.CLAIM, now=NOON, limits=LIMITS, claim=volunteer)
        async with database.begin() as tx:
            return await save_step(tx, before, after, Event.CLAIM, NOON, by=volunteer)

    won = await asyncio.gather(*(claim(number) for number in range(10)))
    assert sum(won) == 1
    async with database.begin() as tx:
        kept = await case_by_code(tx, "ABCDE")
    assert kept is not None
    assert kept.claim == Claim(won.index(True), f"V{won.index(True)}")


async def test_a_failed_transaction_leaves_neither_case_nor_message(database: Database) -> None:
    async def fails_half_way() -> None:
        async with database.begin() as tx:
            person = await add_person(tx, PERSON, "vi", NOON)
            case = await open_case(tx, "ABCDE", person.id, "vi", Origin.REQUEST, None, NOON, NOON)
            await enqueue(tx, Outgoing(None, Purpose.ALERT, "alert", case_id=case.id), NOON)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await fails_half_way()
    async with database.begin() as tx:
        assert await find_person(tx, PERSON) is None
        assert await case_by_code(tx, "ABCDE") is None
        assert await first_of_staff(tx, NOON) is None


async def test_a_person_has_one_case_and_its_state_is_whole(database: Database) -> None:
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        case = await open_case(tx, "ABCDE", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)
        assert await case_of_person(tx, person.id) == case
    with pytest.raises(StorageError):
        async with database.begin() as tx:
            await open_case(tx, "FGHJK", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)
    claimed_by_nobody = dataclasses.replace(case, state=State.CLAIMED)
    with pytest.raises(StorageError):
        async with database.begin() as tx:
            await save_step(tx, case, claimed_by_nobody, Event.CLAIM, NOON)


async def all_sent(tx: Transaction) -> list[Outgoing]:
    """Send all that waits for the group; return it in the order in which it went."""
    sent = []
    while due := await first_of_staff(tx, NOON):
        sent.append(due.message)
        await mark_sent(tx, [due], NOON)
    return sent


async def test_in_a_lane_alerts_go_first_and_the_rest_keeps_its_order(database: Database) -> None:
    async with database.begin() as tx:
        for purpose, words in [("copy", "one"), ("copy", "two"), ("alert", "three")]:
            await enqueue(tx, Outgoing(None, Purpose(purpose), words), NOON)
        sent = [each.text for each in await all_sent(tx)]
    assert sent == ["three", "one", "two"]


async def test_danger_goes_first_then_what_a_volunteer_waits_for_then_whoever_just_asks(
    database: Database,
) -> None:
    def alert(words: str, risk: int = 0) -> Outgoing:
        return Outgoing(None, Purpose.ALERT, words, risk=risk)

    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        other = await add_person(tx, PERSON + 1, "vi", NOON)
        danger = await open_case(tx, "AAAAA", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)
        asks = await open_case(tx, "BBBBB", other.id, "vi", Origin.REQUEST, None, NOON, NOON)
        hana = Claim(1, "Hana")
        taken = step(asks, Event.CLAIM, now=NOON, limits=LIMITS, claim=hana)
        await save_step(tx, asks, taken, Event.CLAIM, NOON, by=hana)
        for message in (
            Outgoing(None, Purpose.STANDING, "somebody has a case", case_id=danger.id),
            Outgoing(None, Purpose.COPY, "words that nobody answers yet"),
            Outgoing(None, Purpose.PING, "reminder"),
            alert("asks"),
            Outgoing(None, Purpose.COPY, "words in a conversation", case_id=asks.id),
            Outgoing(None, Purpose.NOTICE, "asked for"),
            Outgoing(None, Purpose.PING, "reminder of danger", case_id=danger.id),
            Outgoing(None, Purpose.COPY, "words of danger", relay=Relay(is_urgent=True)),
            Outgoing(None, Purpose.COPY, "more words of theirs", case_id=danger.id),
            alert("threats", risk=1),
            alert("attacked", risk=12),
            alert("threats too", risk=1),
            alert("asks too"),
        ):
            await enqueue(tx, message, NOON)
        sent = [each.text for each in await all_sent(tx)]
    assert sent == [
        "attacked",
        "threats",
        "threats too",
        "words of danger",
        "reminder of danger",
        "more words of theirs",
        "words in a conversation",
        "asked for",
        "asks",
        "asks too",
        "reminder",
        "words that nobody answers yet",
        "somebody has a case",
    ]


async def test_whoever_takes_a_case_gets_what_is_still_to_come_of_it_first(
    database: Database,
) -> None:
    async with database.begin() as tx:
        cases = [
            await open_case(
                tx, code, (await add_person(tx, chat_id, "vi", NOON)).id, "vi", Origin.REQUEST,
                None, NOON, NOON,
            )
            for code, chat_id in (("AAAAA", PERSON), ("BBBBB", PERSON + 1))
        ]  # fmt: skip
        for case in cases:
            await enqueue(tx, Outgoing(None, Purpose.ALERT, case.code, case_id=case.id), NOON)
            await enqueue(tx, Outgoing(None, Purpose.COPY, "words", case_id=case.id), NOON)
        hana = Claim(1, "Hana")
        taken = step(cases[1], Event.CLAIM, now=NOON, limits=LIMITS, claim=hana)
        await save_step(tx, cases[1], taken, Event.CLAIM, NOON, by=hana)
        sent = [(each.case_id, each.text) for each in await all_sent(tx)]
    one, two = (case.id for case in cases)
    assert sent == [(two, "BBBBB"), (two, "words"), (one, "AAAAA"), (one, "words")]


async def test_the_words_of_a_case_that_was_closed_pass_nobody_s(database: Database) -> None:
    hana = Claim(1, "Hana")
    async with database.begin() as tx:
        beaten = await add_person(tx, PERSON, "vi", NOON)
        other = await add_person(tx, PERSON + 1, "vi", NOON)
        danger = await open_case(tx, "AAAAA", beaten.id, "vi", Origin.ALARM, "threats", NOON, NOON)
        waits = await open_case(tx, "BBBBB", other.id, "vi", Origin.REQUEST, None, NOON, NOON)
        await enqueue(tx, Outgoing(None, Purpose.COPY, "waits", case_id=waits.id), NOON)
        await enqueue(tx, Outgoing(None, Purpose.COPY, "closed", case_id=danger.id), NOON)
        await enqueue(tx, Outgoing(None, Purpose.ALERT, "asks", case_id=waits.id), NOON)
        closed = step(danger, Event.CLOSE, now=NOON, limits=LIMITS, claim=hana)
        await save_step(tx, danger, closed, Event.CLOSE, NOON, by=hana)
        sent = [each.text for each in await all_sent(tx)]
    assert sent == ["asks", "waits", "closed"]


async def test_a_change_that_another_one_overwrites_before_it_is_sent_is_not_sent(
    database: Database,
) -> None:
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        case = await open_case(tx, "ABCDE", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)

        def edit(text: str | None, post: int, purpose: Purpose = Purpose.EDIT) -> Outgoing:
            return Outgoing(None, purpose, text, edits=(-1, post), case_id=case.id)

        for message in (
            edit("what it says", 1),
            edit(None, 1),
            edit(None, 2, Purpose.BUTTONS),
            Outgoing(None, Purpose.NOTICE, "something else", case_id=case.id),
            edit(None, 1),
            edit(None, 2),
        ):
            await enqueue(tx, message, NOON)
        sent = [(each.text, each.edits) for each in await all_sent(tx)]
    assert sent == [
        ("what it says", (-1, 1)),
        ("something else", None),
        (None, (-1, 1)),
        (None, (-1, 2)),
    ]


async def test_how_a_case_stood_is_not_told_after_what_came_of_it(database: Database) -> None:
    hana, ken = Claim(1, "Hana"), Claim(2, "Ken")
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        case = await open_case(tx, "ABCDE", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)
        for event, claim in (
            (Event.CLAIM, hana),
            (Event.TAKE_OVER, ken),
            (Event.CLOSE, ken),
            (Event.RAISE, None),
        ):
            after = step(case, event, now=NOON, limits=LIMITS, claim=claim, urgent_kind="threats")
            assert await save_step(tx, case, after, event, NOON, by=claim)
            said = Outgoing(None, Purpose.STANDING, event.value, case_id=case.id)
            await enqueue(tx, said, NOON)
            case = after
        told = [each.text for each in await all_sent(tx)]
    assert told == [Event.RAISE.value]


async def test_what_must_wait_holds_its_lane_and_no_other(database: Database) -> None:
    later = NOON + dt.timedelta(seconds=30)
    async with database.begin() as tx:
        await enqueue(tx, Outgoing(PERSON, Purpose.ANSWER, "first"), NOON)
        await enqueue(tx, Outgoing(PERSON, Purpose.ANSWER, "second"), NOON)
        await enqueue(tx, Outgoing(PERSON + 1, Purpose.ANSWER, "other"), NOON)
        first = (await first_of_people(tx, NOON, 9))[0]
        await mark_again(tx, first, later, "rate-limited", uncertain=False)
        assert [due.message.text for due in await first_of_people(tx, NOON, 9)] == ["other"]
        again = (await first_of_people(tx, later, 9))[0]
    assert (again.message.text, again.attempts) == ("first", 1)


async def test_who_lost_a_message_to_another_process_changes_nothing_about_it(
    database: Database,
) -> None:
    async with database.begin() as tx:
        await enqueue(tx, Outgoing(None, Purpose.ALERT, "help"), NOON)
        due = await first_of_staff(tx, NOON)
        assert due is not None
        (slow,) = await claim(tx, [due], NOON)
        later = NOON + CLAIM
        taken = await first_of_staff(tx, later)
        assert taken is not None
        assert await claim(tx, [taken], later)
        await mark_sent(tx, [taken], later)
        assert not await mark_again(tx, slow, later, "uncertain", uncertain=True)
        assert not await mark_failed(tx, slow, "rejected")
        assert await first_of_staff(tx, NOON + 2 * CLAIM) is None


@pytest.mark.postgresql
async def test_what_one_process_takes_at_this_moment_another_does_not_even_see() -> None:
    database = await emptied(os.environ[POSTGRESQL])
    await migrate(database)
    async with database.begin() as tx:
        await enqueue(tx, Outgoing(PERSON, Purpose.ANSWER, "answer"), NOON)
        await enqueue(tx, Outgoing(None, Purpose.ALERT, "alert"), NOON)
    async with database.begin() as one, database.begin() as other:
        assert len(await first_of_people(one, NOON, 9)) == 1
        assert await first_of_staff(one, NOON)
        assert await first_of_people(other, NOON, 9) == []
        assert await first_of_staff(other, NOON) is None
    await database.close()


async def test_an_update_is_stored_once_and_done_once(database: Database) -> None:
    async with database.begin() as tx:
        assert await inbox_rows.store(tx, {7: ("lane", {"words": "hello"})}, NOON) == 1
        twice = {7: ("lane", {"words": "again"}), 8: ("other", {"words": "you"})}
        assert await inbox_rows.store(tx, twice, NOON) == 1
        assert await inbox_rows.first_in_lanes(tx, ["lane", "other", "empty"]) == {
            "lane": inbox_rows.Stored(7, {"words": "hello"}, 0, NOON),
            "other": inbox_rows.Stored(8, {"words": "you"}, 0, NOON),
        }
        await inbox_rows.finish(tx, 8)
        assert await inbox_rows.finish(tx, 7)
        assert not await inbox_rows.finish(tx, 7)
        assert await inbox_rows.waiting_lanes(tx, NOON, dt.timedelta()) == []


async def test_what_is_done_is_forgotten_after_its_time_and_what_waits_is_not(
    database: Database,
) -> None:
    async with database.begin() as tx:
        await inbox_rows.store(tx, {1: ("lane", {}), 2: ("lane", {})}, NOON)
        await inbox_rows.finish(tx, 1)
        await enqueue(tx, Outgoing(PERSON, Purpose.ANSWER, "waits"), NOON)
        assert set((await purge(tx, NOON + UPDATES_KEPT / 2)).values()) == {0}
        gone = await purge(tx, NOON + OUTCOMES_KEPT * 2)
    assert (gone["updates"], gone["sent messages"]) == (1, 0)


async def test_a_migrated_schema_equals_a_fresh_one(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.begin() as tx:
        assert await tx.connection.run_sync(differences) == []
        names = await tx.connection.run_sync(lambda c: inspect(c).get_table_names())
    assert set(metadata.tables) | {"alembic_version"} == set(names)


async def test_a_database_of_a_newer_program_is_not_touched(database: Database) -> None:
    async with database.begin() as tx:
        await tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match=r"9999.*newer version"):
        await migrate(database)


async def test_what_another_key_sealed_is_refused_with_what_to_do(
    database: Database, url: str
) -> None:
    async with database.begin() as tx:
        await inbox_rows.store(tx, {1: ("lane", {})}, NOON)
    stranger = Database(url, [Fernet.generate_key().decode()])
    with pytest.raises(StorageError, match="put the old key back"):
        async with stranger.begin() as tx:
            await inbox_rows.first_in_lanes(tx, ["lane"])
    await stranger.close()


async def test_a_new_key_in_front_still_opens_and_finds_what_is_there(
    database: Database, url: str
) -> None:
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
    rotated = Database(url, [Fernet.generate_key().decode(), KEY])
    async with rotated.begin() as tx:
        assert await find_person(tx, PERSON) == person
    await rotated.close()


async def test_after_rekey_only_the_new_key_is_needed_and_the_old_one_opens_nothing(
    database: Database, url: str
) -> None:
    new = Fernet.generate_key().decode()
    update_body = {"update_id": 1, "message": {"chat": {"id": PERSON}, "text": "hello"}}
    async with database.begin() as tx:
        await check_look_up_key(tx)
        person = await add_person(tx, PERSON, "vi", NOON)
        case = await open_case(tx, "ABCDE", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)
        await add_pairs(tx, case.id, [((GROUP, 5), (PERSON, 77))])
        block = Block(Claim(601, "Hana"), "insults", NOON)
        await save_block(tx, person.id, block)
        lane = inbox_rows.lane_of(update_body, tx.vault)
        await inbox_rows.store(tx, {1: (lane, update_body)}, NOON)
        await enqueue(tx, Outgoing(PERSON, Purpose.ANSWER, "waits"), NOON)
        await remember_messages(tx, [(PERSON, 77)], NOON)
    both = Database(url, [new, KEY])
    async with both.begin() as tx:
        assert await rekey(tx, Vault([new])) == 7
    await both.close()
    fresh = Database(url, [new])
    async with fresh.begin() as tx:
        await check_look_up_key(tx)
        assert await find_person(tx, PERSON) == dataclasses.replace(person, block=block)
        assert await post_of(tx, case.id, 77) == (GROUP, 5)
        assert await message_of_person(tx, case.id, GROUP, 5) == 77
        assert await inbox_rows.first_in_lanes(tx, [inbox_rows.lane_of(update_body, tx.vault)])
        assert await first_of_people(tx, NOON, 9)
        assert list((await newest_messages(tx, PERSON, NOON, 100)).values()) == [77]
    await fresh.close()
    for keys in ([KEY], [new, KEY]):
        wrong = Database(url, keys)
        with pytest.raises(KeyMismatchError, match="another key"):
            async with wrong.begin() as tx:
                await check_look_up_key(tx)
        await wrong.close()


async def test_texts_that_wait_behind_another_join_the_last_unless_it_is_being_sent(
    database: Database,
) -> None:
    async with database.begin() as tx:
        person = await add_person(tx, PERSON, "vi", NOON)
        case = await open_case(tx, "ABCDE", person.id, "vi", Origin.ALARM, "threats", NOON, NOON)
    copy = Outgoing(None, Purpose.COPY, copy_of=(PERSON, 0), case_id=case.id)

    async def says(number: int) -> None:
        words = Words(number, NOON.isoformat(), str(number))
        relay = Relay(said=(words,))
        async with database.begin() as tx:
            said = dataclasses.replace(copy, copy_of=(PERSON, number), relay=relay)
            await enqueue_copy(tx, said, NOON)

    async def waiting() -> list[list[str]]:
        async with database.begin() as tx:
            rows = await tx.connection.execute(select(outbox).order_by(outbox.c.id))
            due = [due_from_row(tx, row) for row in rows]
        return [[words.text for words in each.message.relay.said] for each in due]

    for number in range(6):
        await says(number)
    assert await waiting() == [["0"], ["1", "2", "3", "4", "5"]]
    async with database.begin() as tx:
        await tx.connection.execute(update(outbox).values(state="sending"))
    await says(6)
    assert await waiting() == [["0"], ["1", "2", "3", "4", "5"], ["6"]]


async def test_an_update_that_cannot_be_done_is_given_up_after_three_tries_and_kept(
    database: Database,
) -> None:
    async with database.begin() as tx:
        await inbox_rows.store(tx, {1: ("lane", {"words": "hello"})}, NOON)
        assert [await inbox_rows.fail(tx, 1) for _ in range(3)] == [False, False, True]
        change = update(inbox).where(inbox.c.update_id == 1).values(state="waiting")
        await tx.connection.execute(change)
        assert await inbox_rows.first_in_lanes(tx, ["lane"])


async def test_the_whole_bot_works_on_this_database(content: Content, url: str) -> None:
    await (await emptied(url)).close()
    async with scene(content, url) as here, here.bot_runs():
        await here.writes("ông chủ đánh em chảy máu, cứu em với")
        await here.volunteer_presses("Hana", "Claim")
        await here.volunteer_replies("Hana", "Are you safe?", to="ALARM")
        assert here.texts(PERSON)[-1] == "Are you safe?"
        assert here.find(GROUP, "Hana has it.")


@pytest.mark.postgresql
async def test_a_machine_that_lost_its_power_loses_its_locks_within_seconds() -> None:
    database = await emptied(os.environ[POSTGRESQL])
    async with database.begin() as tx:
        idle_s, interval_s, count = [
            int((await tx.connection.execute(text(f"SHOW tcp_keepalives_{what}"))).scalar_one())
            for what in ("idle", "interval", "count")
        ]
    await database.close()
    assert 0 < idle_s + interval_s * count < 15
