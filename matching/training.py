"""Lessons of a language -> all that its matching knows, as arrays that can be kept.

Not imported where the arrays are at hand: SciPy takes time and memory, and judging needs it not.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from knowledge.schema import URGENT_KINDS
from matching import topics, urgency
from matching.features import Vocabulary, Words, read, together
from matching.index import as_array
from matching.language import count_pieces
from matching.learn import learn
from matching.lessons import Lessons
from matching.normalise import clean
from matching.verbatim import plain


def train(lessons: Lessons) -> dict[str, NDArray[Any]]:
    """Return the arrays of a LanguageMatcher; it takes some seconds."""
    language = Words.of(lessons.shorthand, lessons.same, lessons.cues)
    cleaned = {text: clean(text) for text in lessons.texts}
    texts = {text: read(each, language) for text, each in cleaned.items()}
    vocabulary = Vocabulary.of(list(texts.values()), language)
    of_topics = [texts[example.text] for example in lessons.topics]
    of_urgency = [texts[example.text] for example in lessons.urgency]
    said = together([vocabulary.spelled(of_topics), vocabulary.meant(of_topics)])
    spelled = vocabulary.spelled(of_urgency)
    of_language = [example.text for example in (*lessons.topics, *lessons.dangers)]
    pieces, counts = count_pieces(of_language)
    arrays: dict[str, NDArray[Any]] = {
        "vocabulary": as_array(vocabulary.names),
        "plain": as_array([plain(each, language) for each in cleaned.values()]),
        "pieces": pieces,
        "piece_counts": counts,
    }
    topic_arrays = learn(lessons.topics, lessons.topic_ids, topics.TUNING, said)
    arrays |= {f"topics.{name}": array for name, array in topic_arrays.items()}
    urgency_arrays = learn(lessons.urgency, URGENT_KINDS, urgency.TUNING, spelled)
    arrays |= {f"urgency.{name}": array for name, array in urgency_arrays.items()}
    return arrays
