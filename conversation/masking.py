"""Taking out of a text what may lead to a person, as far as a program can tell.

It errs on the side of taking out too much. A name that is written like any other word stays.
"""

from __future__ import annotations

import re
import unicodedata

from matching.normalise import clean, fold, words

# What stands where something was taken out; no letters, so that it is no word.
MASK = "___"
LENGTH_MAX = 300

_TOP_LEVEL = "app|be|biz|co|com|gl|gle|info|io|jp|link|ly|me|net|org|page|site|to|tv|vn|xyz"
_LINK = re.compile(
    r"\b[a-z]{2,12}://\S+|\bwww\.\S+"
    rf"|\b[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,4}}\.(?:{_TOP_LEVEL})\b(?:[/:?#]\S*)?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[^\s@]{1,64}@\S+")
_AT_NAME = re.compile(r"@\S+")
# Three digits or more, however they are grouped: numbers of phones, cards and houses, sums, days.
_NUMBER = re.compile(r"[+(]?\d(?:[\s.,()/:–-]{0,2}\d){2,}")
_JAPANESE_NAME = re.compile(
    r"[^\W\d_]{1,12}?(?:さん|さま|様|氏|くん|ちゃん|先生|社長|部長|課長|班長)"
)
_JAPANESE_PLACE = re.compile(r"[一-龠々ァ-ヶーぁ-ん]{1,8}?[都道府県市区町村]")
_WITH_SAN = re.compile(r"\b[^\W\d_]+-(?:san|sama|kun|chan)\b", re.IGNORECASE)
_TRACES = (_LINK, _MAIL, _AT_NAME, _NUMBER, _JAPANESE_NAME, _JAPANESE_PLACE, _WITH_SAN)
# What introduces a name in the languages that people write in, and what may stand in between.
_INTRODUCED = re.compile(
    r"\b(tên|ten|name|named|called|goi la|gọi là)\b"
    r"((?:\s+(?:là|la|is|em|tôi|toi|mình|minh|cty|công|cong|ty|company|boss|của|cua|my|his|her)\b)*)"
    r"((?:\s+[^\W\d_]+){1,3})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[.!?。！？\n]+|[^\w.!?。！？\n]+|\w")
_SENTENCE_ENDS = ".!?。！？\n"
_SEVERAL = re.compile(rf"{MASK}(?:[\s,]*{MASK})+")


def masked(text: str) -> str:
    """Return the text in lower case without links, addresses, numbers, and what looks like a name,
    at most 300 characters of it."""
    text = _without_traces(unicodedata.normalize("NFKC", text))
    text = _INTRODUCED.sub(rf"\1\2 {MASK}", text)
    # Cleaning takes out what can be hidden between two digits.
    text = _without_traces(clean(_without_names(text)))
    text = " ".join(_SEVERAL.sub(MASK, text).split())
    return text if len(text) <= LENGTH_MAX else text[:LENGTH_MAX].rpartition(" ")[0]


def bare_words(text: str) -> str:
    """Return the words of a masked text, without diacritics and signs: who asks alike has these in
    common."""
    return " ".join(words(fold(text)))


def _without_traces(text: str) -> str:
    for pattern in _TRACES:
        text = pattern.sub(MASK, text)
    return text


def _without_names(text: str) -> str:
    """Mask what begins with a capital inside a sentence, and at its start if the next word does.

    A text in capitals throughout says nothing by them.
    """
    if sum(map(str.isupper, text)) > sum(map(str.islower, text)):
        return text
    tokens = _TOKEN.findall(text)
    starts, at_start = set(), True
    for number, token in enumerate(tokens):
        if token[0].isalpha():
            if at_start:
                starts.add(number)
            at_start = False
        elif token[0] in _SENTENCE_ENDS:
            at_start = True
    named = {
        number
        for number, token in enumerate(tokens)
        if token[0].isupper() and number not in starts and token.casefold().strip("'’") != "i"
    }
    named |= {number for number in starts if tokens[number][0].isupper() and number + 2 in named}
    return "".join(MASK if number in named else token for number, token in enumerate(tokens))
