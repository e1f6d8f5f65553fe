"""Cues: words and short expressions that speak for a topic or a danger, also in a long story that
never names the right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

# So many other words may stand between two words of a cue: "cut my pay" is also "cut from my pay".
BETWEEN_MAX = 2

_Cue = tuple[str, ...]


class Cues:
    """The cues of a language, each with the labels that it speaks for."""

    def __init__(self, cues: Mapping[str, Iterable[Sequence[str]]]) -> None:
        """`cues`: label -> cues, each as its words, folded and written out."""
        labels: dict[_Cue, list[str]] = defaultdict(list)
        for label, some in cues.items():
            for cue in dict.fromkeys(tuple(words) for words in some if words):
                labels[cue].append(label)
        self._labels = dict(labels)
        # By the first two words: many cues begin with the same small word.
        self._by_start: dict[_Cue, list[_Cue]] = defaultdict(list)
        for cue in labels:
            self._by_start[cue[:2]].append(cue)
        self._first = frozenset(cue[0] for cue in labels)

    def labels_of(self, words: Sequence[str]) -> Iterator[str]:
        """Yield for each cue that stands in the text, once, the labels that it speaks for."""
        # Not a set: its order, and so what is learnt in single precision, would change by the run.
        found = dict.fromkeys(
            cue
            for at, word in enumerate(words)
            if word in self._first
            for cue in self._beginning_at(words, at)
        )
        for cue in found:
            yield from self._labels[cue]

    def _beginning_at(self, words: Sequence[str], at: int) -> Iterator[_Cue]:
        yield from self._by_start.get((words[at],), ())
        for second in range(at + 1, min(at + 2 + BETWEEN_MAX, len(words))):
            for cue in self._by_start.get((words[at], words[second]), ()):
                if _follows(words, second + 1, cue[2:]):
                    yield cue


def _follows(words: Sequence[str], at: int, rest: Sequence[str]) -> bool:
    for wanted in rest:
        nearby = words[at : at + BETWEEN_MAX + 1]
        if wanted not in nearby:
            return False
        at += nearby.index(wanted) + 1
    return True
