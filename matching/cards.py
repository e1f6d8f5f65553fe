"""Which phrase cards a volunteer means by a few words of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rapidfuzz import fuzz

from matching.normalise import clean, fold, words
from translations.fill import PLACEHOLDER
from translations.schema import CardText

# What a word says about a card depends on where in the card it stands.
_TITLE, _KEYWORD, _TEXT = 1.0, 0.9, 0.5
# How much less a beginning ("doc") or a slip of the finger ("hosptial") says than the word itself.
_BEGINNING, _SLIP = 0.85, 0.7
_BEGINNING_LETTERS_MIN = 3
_SLIP_LETTERS_MIN = 4
_SLIP_RATIO_MIN = 80.0
# A card is found if it holds this share of what the words say.
_SHARE_MIN = 0.3


def find_cards(asked: str, cards: Mapping[str, CardText], at_most: int) -> list[str]:
    """Return the ids of the cards that fit the words best, best first; none where nothing fits.

    A word that stands in few cards says more than one that stands in many ("is", "you"); one that
    stands in none says nothing.
    """
    wanted = dict.fromkeys(_words(asked))
    places = {card_id: _places(card) for card_id, card in cards.items()}
    scores = dict.fromkeys(cards, 0.0)
    total = 0.0
    for word in wanted:
        fits = {card_id: _fit(word, place) for card_id, place in places.items()}
        holding = sum(fit > 0.0 for fit in fits.values())
        weight = math.log(1.0 + len(cards) / holding) if holding else 0.0
        total += weight
        for card_id, fit in fits.items():
            scores[card_id] += weight * fit
    found = [card_id for card_id, score in scores.items() if total and score >= _SHARE_MIN * total]
    return sorted(found, key=lambda card_id: -scores[card_id])[:at_most]


def _words(text: str) -> list[str]:
    return words(fold(clean(text)))


def _places(card: CardText) -> dict[str, float]:
    """Return the card's words, each with what it says about the card."""
    text, keywords = PLACEHOLDER.sub(" ", card.text), " ".join(card.keywords)
    places: dict[str, float] = {}
    for part, says in ((text, _TEXT), (keywords, _KEYWORD), (card.title, _TITLE)):
        places.update(dict.fromkeys(_words(part), says))
    return places


def _fit(word: str, places: Mapping[str, float]) -> float:
    """Return how well a card holds a word: 0 not at all, 1 as a word of its title."""
    return max((says * _likeness(word, other) for other, says in places.items()), default=0.0)


def _likeness(word: str, other: str) -> float:
    if word == other:
        return 1.0
    if len(word) >= _BEGINNING_LETTERS_MIN and other.startswith(word):
        return _BEGINNING
    if len(word) >= _SLIP_LETTERS_MIN and fuzz.ratio(word, other) >= _SLIP_RATIO_MIN:
        return _SLIP
    return 0.0
