"""Whole conversations in YAML, through the real bot on the stand-in; see dialogues/README.md."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from conversation.content import Content
from knowledge.files import read_yaml
from sandbox.server import SAMPLES
from tests.scene import GROUP, NOW, PERSON, Message, Scene, scene, sqlite_url

FOLDER = Path(__file__).parent / "dialogues"
DIALOGUES = [
    pytest.param(dialogue, id=f"{path.stem}: {dialogue['title']}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for dialogue in read_yaml(path, [])
]
KEYS = {
    "person",
    "edits",
    "sends",
    "presses",
    "volunteer",
    "does",
    "says",
    "to",
    "phone",
    "phone_not",
    "phone_silent",
    "buttons",
    "group",
    "group_not",
    "group_silent",
    "popup",
    "later_minutes",
}


@pytest.mark.parametrize("dialogue", DIALOGUES)
async def test_the_dialogue_goes_as_written(
    dialogue: dict[str, Any], content: Content, tmp_path: Path
) -> None:
    forum, language = dialogue.get("forum", True), dialogue["account"]
    async with scene(content, sqlite_url(tmp_path), forum=forum, language=language) as here:
        here.now = _noon(dialogue["day"]) if "day" in dialogue else NOW
        async with here.bot_runs():
            for number, step in enumerate(dialogue["steps"], start=1):
                unknown = set(step) - KEYS
                assert not unknown, f"step {number}: unknown keys {unknown}"
                await _do(here, step)
                _compare(here, step, f"step {number}: {step}")


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(3), dt.UTC)


async def _do(here: Scene, step: dict[str, Any]) -> None:
    if "later_minutes" in step:
        await here.minutes_pass(step["later_minutes"])
    if "person" in step:
        await here.writes(step["person"])
    elif "edits" in step:
        last = max(
            message["message_id"]
            for message in here.telegram.chats[PERSON].messages.values()
            if message["from"]["id"] == PERSON
        )
        await here.telegram.edit(PERSON, last, step["edits"])
        await here.settled()
    elif "sends" in step:
        await here.sends(SAMPLES[step["sends"]])
    elif "presses" in step:
        await here.presses(step["presses"])
    elif step.get("does") == "replies":
        await here.volunteer_replies(step["volunteer"], step["says"], step["to"])
    elif step.get("does") == "notes":
        await here.volunteer_notes(step["volunteer"], step["says"])
    elif step.get("does") == "closes":
        await here.volunteer_closes(step["volunteer"])
    elif "volunteer" in step:
        await here.volunteer_presses(step["volunteer"], step["does"])


def _compare(here: Scene, step: dict[str, Any], where: str) -> None:
    phone, group = here.news(PERSON), here.news(GROUP)
    _holds(phone, step.get("phone", []), where)
    _holds_not(phone, step.get("phone_not", []), where)
    _holds(group, step.get("group", []), where)
    _holds_not(group, step.get("group_not", []), where)
    labels = [
        button["text"]
        for message in phone
        for row in message.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
    ]
    for wanted in step.get("buttons", []):
        assert any(wanted in label for label in labels), f"{where}: no button {wanted!r}: {labels}"
    if step.get("phone_silent"):
        assert not phone, f"{where}: the phone got {phone}"
    if step.get("group_silent"):
        assert not group, f"{where}: the group got {group}"
    if "popup" in step:
        assert here.telegram.popups[-1]["text"] == step["popup"], where


def _holds(messages: list[Message], wanted: list[str], where: str) -> None:
    text = "\n---\n".join(message.get("text", "(not text)") for message in messages)
    for each in wanted:
        assert each in text, f"{where}: {each!r} is not in:\n{text}"


def _holds_not(messages: list[Message], unwanted: list[str], where: str) -> None:
    text = "\n---\n".join(message.get("text", "(not text)") for message in messages)
    for each in unwanted:
        assert each not in text, f"{where}: {each!r} is in:\n{text}"
