"""Updates of every kind that Telegram knows, filled at random: nothing breaks, nobody waits."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sandbox.telegram import User
from storage.tables import inbox
from tests.scene import GROUP, PATIENCE_S, PERSON, Scene

# The fields of the Bot API 10.1's `Update` and of what it can hold: names (`?` marks one that may
# be missing) with their types or the strings they may be.
SHAPES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "update_shapes.json").read_text(encoding="utf-8")
)
KINDS = [name.removesuffix("?") for name in SHAPES["Update"] if name != "update_id"]
OF_EACH_KIND = 10
DEPTH_MAX = 4
STRANGER = 5010203999
ALARM = "ông chủ đánh em chảy máu, cứu em với"

known_chats = st.sampled_from(
    [
        {"id": STRANGER, "type": "private", "first_name": "Stranger"},
        {"id": GROUP, "type": "supergroup", "title": "volunteers", "is_forum": True},
        {"id": -5, "type": "group", "title": "strangers"},
    ]
)
words = st.text(max_size=20) | st.sampled_from(
    [
        "/start vi-debt",
        "/forget",
        "case:claim:ABCDE",
        "human-yes",
        "ông chủ đánh em",
        "\ud800",
        "x" * 999,
    ]
)
ids = st.sampled_from([STRANGER, 601, 0, -1, 2**52]) | st.integers(-(2**52), 2**52)
numbers = st.integers(0, 2**31 - 1)


def values(name: str, field: str, depth: int) -> st.SearchStrategy[Any]:
    """Return what a type of the Bot API can hold; `field` is the name that it stands under."""
    if name.startswith("Array of "):
        return st.lists(values(name.removeprefix("Array of "), field, depth), max_size=2)
    if name == "Integer":
        return ids if field.endswith("id") else numbers
    if name in ("String", "Boolean", "Float"):
        return {"String": words, "Boolean": st.booleans(), "Float": st.floats(0, 1)}[name]
    return things(name, depth + 1)


@st.composite
def things(draw: st.DrawFn, name: str, depth: int = 0) -> dict[str, Any]:
    """Return an object of the Bot API with every field that it must have, and some others."""
    shape = SHAPES[name]
    if isinstance(shape, list):
        return draw(things(draw(st.sampled_from(shape)), depth))
    if name == "Chat" and draw(st.booleans()):
        return draw(known_chats)
    optional = [field for field in shape if field.endswith("?")]
    some = st.lists(st.sampled_from(optional), max_size=4, unique=True) if optional else st.just([])
    chosen = draw(some) if depth < DEPTH_MAX else []
    filled = {}
    for field, kind in shape.items():
        plain = field.removesuffix("?")
        if field == plain or field in chosen:
            of = st.sampled_from(kind) if isinstance(kind, list) else None
            first = draw(st.sampled_from(kind.split("|"))) if of is None else ""
            filled[plain] = draw(of if of is not None else values(first, plain, depth))
    return filled


def updates_of(kind: str) -> list[dict[str, Any]]:
    """Return updates of a kind, the same in each run."""
    found = []

    @settings(
        max_examples=OF_EACH_KIND,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(things(SHAPES["Update"][f"{kind}?"]))
    def collect(content: dict[str, Any]) -> None:
        found.append({kind: content})

    collect()
    return found


async def not_done(here: Scene) -> dict[int, str]:
    """Return the state of each update that is waiting or was given up."""
    assert here.running is not None
    async with here.running.database.begin() as tx:
        query = select(inbox.c.update_id, inbox.c.state).where(inbox.c.state != "done")
        return {row.update_id: row.state for row in await tx.connection.execute(query)}


async def is_busy(here: Scene) -> bool:
    return bool(here.telegram.updates) or "waiting" in (await not_done(here)).values()


async def until_done(here: Scene) -> None:
    async with asyncio.timeout(PATIENCE_S * 3):
        # The bot tells nobody that it is idle: its database is looked at.
        while await is_busy(here):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_updates_of_every_kind_break_nothing_and_a_question_afterwards_is_answered(
    stage: Scene,
) -> None:
    stage.telegram.add_person(User(STRANGER, "Stranger", "vi"))
    sent = [update for kind in KINDS for update in updates_of(kind)]
    assert len(sent) >= len(KINDS) * OF_EACH_KIND / 2
    for update in sent:
        await stage.telegram.add_update(update)
    await until_done(stage)
    left = await not_done(stage)
    assert {number: list(sent[number - 1]) for number in left} == {}
    await stage.telegram.write(PERSON, PERSON, ALARM)
    async with asyncio.timeout(PATIENCE_S):
        while not any("ALARM" in text for text in stage.texts(GROUP)):
            stage.now += dt.timedelta(minutes=1)
            await asyncio.sleep(0.05)
    assert any("🆘" in text for text in stage.texts(PERSON))
