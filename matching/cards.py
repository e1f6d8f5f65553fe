"""Which phrase cards, or answers, a volunteer means by a few words of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from rapidfuzz import fuzz

from matching.normalise import clean, fold, words
from translations.fill import PLACEHOLDER
from translations.schema import CardText, StaffAnswer

# What lies on a shelf for the volunteers: something with a title, keywords and a text.
Shelf = Mapping[str, CardText] | Mapping[str, StaffAnswer]

# What a word says about a card depends on where in the card it stands.
_TITLE, _KEYWORD, _TEXT = 1.0, 0.9, 0.5
# How much less a beginning ("doc") or a slip of the finger ("hosptial") says than the word itself.
_BEGINNING, _SLIP = 0.85, 0.7
_BEGINNING_LETTERS_MIN = 3
_SLIP_LETTERS_MIN = 4
_SLIP_RATIO_MIN = 80.0
# A card is found if it holds this share of what the words say.
_SHARE_MIN = 0.3

# Scripts that leave no space between words: Han, Hiragana and Katakana.
_KANJI = "\u3005\u3400-\u4dbf\u4e00-\u9fff"
_SPACELESS = re.compile(rf"([\u3041-\u30ff{_KANJI}]+)")
_ONE_KANJI = re.compile(rf"[{_KANJI}]")
# パスポート is found by ぱすぽーと: the two alphabets of Japanese stand for the same sounds.
_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}


def find_cards(asked: str, shelves: Sequence[Shelf], at_most: int) -> list[str]:
    """Return the ids of the cards that fit the words best, best first; none where nothing fits.

    Each of `shelves` holds the same cards in another language in which the words may be. A word
    that stands in few cards says more than one that stands in many ("is", "you"); one that stands
    in none says nothing.
    """
    wanted = dict.fromkeys(_words(asked))
    places = _places(shelves)
    scores = dict.fromkeys(places, 0.0)
    total = 0.0
    for word in wanted:
        fits = {card_id: _fit(word, place) for card_id, place in places.items()}
        holding = sum(fit > 0.0 for fit in fits.values())
        weight = math.log(1.0 + len(places) / holding) if holding else 0.0
        total += weight
        for card_id, fit in fits.items():
            scores[card_id] += weight * fit
    found = [card_id for card_id, score in scores.items() if total and score >= _SHARE_MIN * total]
    return sorted(found, key=lambda card_id: -scores[card_id])[:at_most]


def _words(text: str) -> list[str]:
    """Return the words without their marks, and those that have some also with them: từ từ
    (slowly) is not tự tử (suicide)."""
    cleaned = clean(text)
    folded = words(fold(cleaned))
    marked = [word for word in words(cleaned) if fold(word) != word]
    return [part for word in (*folded, *marked) for part in _parts(word)]


def _parts(word: str) -> Iterator[str]:
    """Yield the word; of text without spaces every two letters side by side, and each kanji."""
    for run in filter(None, _SPACELESS.split(word)):
        if not _SPACELESS.match(run):
            yield run
            continue
        sounds = run.translate(_HIRAGANA)
        yield from (sounds[at : at + 2] for at in range(len(sounds) - 1))
        yield from _ONE_KANJI.findall(sounds)


def _places(shelves: Sequence[Shelf]) -> dict[str, dict[str, float]]:
    """Return the words of each card in all its languages, each with what it says about the card."""
    places: dict[str, dict[str, float]] = {}
    for shelf in shelves:
        for card_id, card in shelf.items():
            place = places.setdefault(card_id, {})
            text, keywords = PLACEHOLDER.sub(" ", card.text), " ".join(card.keywords)
            for part, says in ((text, _TEXT), (keywords, _KEYWORD), (card.title, _TITLE)):
                for word in _words(part):
                    place[word] = max(says, place.get(word, 0.0))
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
