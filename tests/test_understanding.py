"""How well people are understood: no language falls under its floor.

The messages in `questions/` and `urgency/` were written by people who had not read the phrasings,
and nothing is tuned to them. `floors.yaml` holds what each language must keep.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conversation.content import Content
from knowledge.files import read_yaml
from matching.evaluate import Figure, Message, evaluate, read_messages

HERE = Path(__file__).parent
FLOORS = read_yaml(HERE / "floors.yaml", [])
AT_LEAST = {"question": 150, "urgent": 48, "lookalike": 40, "out_of_scope": 30}


def messages_of(code: str) -> list[Message]:
    paths = sorted((HERE / "questions" / code).glob("*.yaml"))
    paths += sorted((HERE / "urgency" / code).glob("*.yaml"))
    return [message for path in paths for message in read_messages(path)]


@pytest.fixture(scope="module")
def figures(content: Content) -> dict[str, dict[str, Figure]]:
    messages = [message for code in FLOORS for message in messages_of(code)]
    judged = evaluate(messages, content.judge)
    return {code: {each.name: each for each in some} for code, some in judged.items()}


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for code in FLOORS for name in FLOORS[code]["at_least"]]
)
def test_a_language_keeps_its_floor(
    figures: dict[str, dict[str, Figure]], code: str, name: str
) -> None:
    assert figures[code][name].share >= FLOORS[code]["at_least"][name]


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for code in FLOORS for name in FLOORS[code]["at_most"]]
)
def test_a_language_keeps_its_ceiling(
    figures: dict[str, dict[str, Figure]], code: str, name: str
) -> None:
    assert figures[code][name].share <= FLOORS[code]["at_most"][name]


def test_every_language_that_is_offered_has_floors(content: Content) -> None:
    assert set(FLOORS) == set(content.translations.languages)


@pytest.mark.parametrize("code", FLOORS)
def test_the_messages_cover_every_topic_and_every_danger(content: Content, code: str) -> None:
    messages = messages_of(code)
    counts = {name: sum(each.set == name for each in messages) for name in AT_LEAST}
    assert all(counts[name] >= least for name, least in AT_LEAST.items()), counts
    asked = {each.accepted[0] for each in messages if each.set == "question"}
    assert asked == set(content.knowledge.topics)
    feared = {each.accepted[0] for each in messages if each.set == "urgent"}
    assert feared == set(content.knowledge.urgent)


@pytest.mark.parametrize("code", FLOORS)
def test_no_message_that_measures_is_a_phrasing(content: Content, code: str) -> None:
    language = content.translations.language(code)
    known = {each.casefold() for text in language.topics.values() for each in text.phrasings}
    for kind in language.urgency.kinds.values():
        several = (kind.phrasings, kind.lookalikes.offer, kind.lookalikes.none)
        known |= {each.casefold() for some in several for each in some}
    assert [each.text for each in messages_of(code) if each.text.casefold() in known] == []
