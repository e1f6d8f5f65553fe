"""What other thresholds of the matching would give, on the messages of `benchmarks/tuning/`.

    python -m benchmarks.thresholds [FILE…]

These messages may be looked at while the matching is changed, so figures on them are too good.
The figures that count are those of `tests/questions` and `tests/urgency`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from conversation.content import load_content
from matching.evaluate import Message, read_messages
from matching.judgement import Judgement

FOLDER = Path(__file__).parent / "tuning"
ESCALATE_SCORES = (0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80)
ANSWER_SCORES = (0.30, 0.40, 0.50, 0.60)
ANSWER_MARGINS = (0.10, 0.15, 0.20, 0.25)

Judged = Sequence[tuple[Message, Judgement]]


def main(paths: Sequence[Path]) -> None:
    content = load_content()
    messages = [message for path in paths for message in read_messages(path)]
    for code in content.translations.languages:
        judged = [
            (each, content.judge.judge(each.text)) for each in messages if each.language == code
        ]
        if judged:
            print(f"{code}\n  escalate at   recall  look-alikes  out of scope  questions")
            for score in ESCALATE_SCORES:
                print(f"  {score:11.2f}" + _alarms(judged, score))
            print("  answer at  margin  answered  wrong  out of scope")
            for score, margin in itertools.product(ANSWER_SCORES, ANSWER_MARGINS):
                print(f"  {score:9.2f}{margin:8.2f}" + _answers(judged, score, margin))


def _alarms(judged: Judged, score: float) -> str:
    def share(name: str) -> float:
        return _share(judged, name, lambda _, found: found.urgent_score >= score)

    names = ("urgent", "lookalike", "out_of_scope", "question")
    return "".join(f"{share(name):>12.0%}" for name in names)


def _answers(judged: Judged, score: float, margin: float) -> str:
    def answered(_: Message, found: Judgement) -> bool:
        best = found.best
        return best is not None and best.score >= score and found.margin >= margin

    def wrong(message: Message, found: Judgement) -> bool:
        best = found.best
        right = best is not None and best.topic in message.accepted
        return answered(message, found) and not right

    shares = (
        _share(judged, "question", answered),
        _share(judged, "question", wrong),
        _share(judged, "out_of_scope", answered),
    )
    return "".join(f"{share:>10.0%}" for share in shares)


def _share(judged: Judged, name: str, holds: Callable[[Message, Judgement], bool]) -> float:
    mine = [pair for pair in judged if pair[0].set == name]
    return sum(holds(*pair) for pair in mine) / max(len(mine), 1)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*/*.yaml")))
