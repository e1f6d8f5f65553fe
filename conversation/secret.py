"""A word that only the person knows: kept as a keyed hash, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from matching.judgement import Decision, Judgement

# Shorter words are found by trying, longer ones are not remembered.
WORD_LENGTH_MIN, WORD_LENGTH_MAX = 4, 64


def fits(text: str, judgement: Judgement) -> bool:
    """Whether a text can be somebody's word: what anybody would write to a bot cannot."""
    is_greeting = judgement.decision is Decision.SMALLTALK
    return not is_greeting and WORD_LENGTH_MIN <= len(_plain(text)) <= WORD_LENGTH_MAX


def hashed(text: str, key: str) -> str:
    """Return the hash of a word, by a key of the person's own."""
    content = _plain(text).encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


def is_word(text: str, key: str, word_hash: str) -> bool:
    """Whether a text is the word that has this hash."""
    return hmac.compare_digest(hashed(text, key), word_hash)


def _plain(text: str) -> str:
    """Return a word without what differs between two times of typing it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
