"""A volunteer finds a card by a few words of their own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conversation.content import Content
from matching.cards import find_cards
from translations.schema import CardText

AT_MOST = 5


@pytest.fixture
def english(content: Content) -> Mapping[str, CardText]:
    return content.translations.languages["en"].cards.cards


@pytest.mark.parametrize(
    ("words", "card"),
    [
        ("is it safe to write", "safe-to-write"),
        ("SAFE?", "safe-to-write"),
        ("where are you", "where-now"),
        ("not your fault", "not-your-fault"),
        ("I must check", "must-check"),
        ("sleep tonight", "sleep-tonight"),
        ("airport", "when-flight"),
        ("otit", "otit"),
        ("goodbye", "take-care"),
        ("dont sign anything", "do-not-sign"),
    ],
)
def test_the_card_that_is_meant_comes_first(
    english: Mapping[str, CardText], words: str, card: str
) -> None:
    assert find_cards(words, english, AT_MOST)[0] == card


@pytest.mark.parametrize(
    ("words", "card"),
    [
        ("suicide", "thinking-of-dying"),
        ("unpaid wage", "labour-standards-office"),
        ("rape", "sexual-violence-centre"),
        ("deportation", "immigration"),
        ("overdose", "ambulance-now"),
        ("screenshots", "keep-messages"),
    ],
)
def test_a_word_that_does_not_stand_in_the_card_finds_it_by_its_keywords(
    english: Mapping[str, CardText], words: str, card: str
) -> None:
    assert card in find_cards(words, english, AT_MOST)


@pytest.mark.parametrize("words", ["hosptial", "hospi", "HOSPITAL"])
def test_a_slip_of_the_finger_and_a_beginning_find_it_too(
    english: Mapping[str, CardText], words: str
) -> None:
    assert "hospital" in find_cards(words, english, AT_MOST)


def test_vietnamese_is_found_without_its_marks(content: Content) -> None:
    vietnamese = content.translations.languages["vi"].cards.cards
    assert find_cards("an toan khong", vietnamese, AT_MOST)[0] == "safe-to-write"


@pytest.mark.parametrize("words", ["", "   ", "xyzzy", "????", "\u0000", "🆘", "9" * 4000])
def test_what_fits_nothing_finds_nothing(english: Mapping[str, CardText], words: str) -> None:
    assert find_cards(words, english, AT_MOST) == []


def test_no_more_come_than_are_asked_for(english: Mapping[str, CardText]) -> None:
    assert len(find_cards("you", english, 3)) == 3


def test_every_card_is_found_by_its_own_title(english: Mapping[str, CardText]) -> None:
    for card_id, card in english.items():
        assert card_id in find_cards(card.title, english, AT_MOST), card_id
