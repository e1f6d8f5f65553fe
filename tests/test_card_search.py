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
    assert find_cards(words, [english], AT_MOST)[0] == card


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
    assert card in find_cards(words, [english], AT_MOST)


@pytest.mark.parametrize("words", ["hosptial", "hospi", "HOSPITAL"])
def test_a_slip_of_the_finger_and_a_beginning_find_it_too(
    english: Mapping[str, CardText], words: str
) -> None:
    assert "hospital" in find_cards(words, [english], AT_MOST)


def test_vietnamese_is_found_without_its_marks(content: Content) -> None:
    vietnamese = content.translations.languages["vi"].cards.cards
    assert find_cards("an toan khong", [vietnamese], AT_MOST)[0] == "safe-to-write"


@pytest.mark.parametrize(
    ("words", "card"),
    [("tự tử", "thinking-of-dying"), ("từ từ", "take-your-time"), ("tự sát", "thinking-of-dying")],
)
def test_marks_tell_words_apart_where_they_are_typed(
    content: Content, words: str, card: str
) -> None:
    vietnamese = content.translations.staff["vi"].cards.cards
    assert find_cards(words, [vietnamese], AT_MOST)[0] == card


@pytest.mark.parametrize(
    ("words", "card"),
    [
        ("病院", "hospital"),
        ("びょういん", "hospital"),
        ("医者にみてもらいたい", "see-doctor"),
        ("警察", "police-now"),
        ("けいさつ", "police-now"),
        ("救急車", "ambulance-now"),
        ("パスポート", "passport"),
        ("ぱすぽーと", "passport"),
        ("ﾊﾟｽﾎﾟｰﾄ", "passport"),
        ("在留カード", "residence-card"),
        ("安全", "safe-to-write"),
        ("死にたい", "thinking-of-dying"),
        ("死", "thinking-of-dying"),
        ("引き継ぎ", "colleague-takes-over"),
        ("シェルター", "shelter"),
        ("労災", "work-accident"),
        ("otit", "otit"),
    ],
)
def test_japanese_is_found_though_it_has_no_spaces(content: Content, words: str, card: str) -> None:
    japanese = content.translations.staff["ja"].cards.cards
    assert card in find_cards(words, [japanese], AT_MOST)[:3]


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("残業代", "overtime-pay"),
        ("ざんぎょう", "overtime-pay"),
        ("最低賃金", "minimum-wage"),
        ("給料がもらえない", "unpaid-wages"),
        ("有給", "paid-leave"),
        ("今の会社を変えたい", "transfer-now"),
        ("クビ", "dismissal"),
        ("強制帰国", "forced-return"),
        ("妊娠", "pregnancy"),
        ("脱退一時金", "pension-refund"),
        ("寮", "dormitory"),
        ("パスポート 取り上げ", "passport-confiscation"),
        ("労災", "work-injury"),
        ("弁護士", "free-lawyer"),
        ("特定技能", "specified-skilled-worker"),
        ("失踪", "running-away-risks"),
    ],
)
def test_answers_are_found_in_japanese_too(content: Content, words: str, topic: str) -> None:
    own = content.translations.staff["ja"].staff_answers
    assert own is not None
    assert topic in find_cards(words, [own.answers], 3)


@pytest.mark.parametrize("words", ["ね", "鰻丼", "・・・"])
def test_japanese_that_fits_nothing_finds_nothing(content: Content, words: str) -> None:
    assert find_cards(words, [content.translations.staff["ja"].cards.cards], AT_MOST) == []


@pytest.mark.parametrize("words", ["bác sĩ", "doctor"])
def test_words_may_be_in_either_of_two_languages(content: Content, words: str) -> None:
    shelves = [content.translations.staff[code].cards.cards for code in ("vi", "en")]
    assert find_cards(words, shelves, AT_MOST)[0] == "see-doctor"


@pytest.mark.parametrize("words", ["", "   ", "xyzzy", "????", "\u0000", "🆘", "9" * 4000])
def test_what_fits_nothing_finds_nothing(english: Mapping[str, CardText], words: str) -> None:
    assert find_cards(words, [english], AT_MOST) == []


def test_no_more_come_than_are_asked_for(english: Mapping[str, CardText]) -> None:
    assert len(find_cards("you", [english], 3)) == 3


def test_every_card_comes_first_by_its_own_title_and_is_found_by_its_keywords(
    content: Content,
) -> None:
    for language in content.translations.staff.values():
        shelf = language.cards.cards
        for card_id, card in shelf.items():
            assert card_id in find_cards(card.title, [shelf], 1), (language.code, card_id)
            for keyword in card.keywords:
                found = find_cards(keyword, [shelf], len(shelf))
                assert card_id in found, (language.code, card_id, keyword)


def test_volunteers_have_other_words_for_every_card(content: Content) -> None:
    for language in content.translations.staff.values():
        assert all(card.keywords for card in language.cards.cards.values()), language.code
