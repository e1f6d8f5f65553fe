"""How well messages are judged: the figures that are aimed at, with their uncertainty."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from errors import KakekomiError
from knowledge.files import read_yaml
from matching.judgement import Decision, Judgement, Urgency


class Judge(Protocol):
    def judge(self, text: str, hint: str | None = None) -> Judgement: ...


@dataclass(frozen=True)
class Message:
    """A message with what a careful human says of it. `set` is question, urgent, lookalike or
    out_of_scope; `accepted` the topics or kinds that are right."""

    language: str
    set: str
    text: str
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """`hits` of `count`; `aim` as a share, at least or (where `at_most`) at most."""

    name: str
    hits: int
    count: int

    @property
    def share(self) -> float:
        return self.hits / self.count if self.count else math.nan

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of Wilson (1927) for the share."""
        if not self.count:
            return 0.0, 1.0
        z, n, p = 1.96, self.count, self.share
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


def read_messages(path: Path) -> list[Message]:
    """Return the messages of a JSON Lines or YAML file.

    Raises KakekomiError that names the file and the row that cannot be used.
    """
    if path.suffix == ".jsonl":
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
    else:
        content = read_yaml(path, [])
        if not isinstance(content, dict) or "messages" not in content:
            raise KakekomiError(f"{path.name}: no `messages` list; see tests/questions")
        rows = [{"lang": content["language"], **row} for row in content["messages"]]
    return [_message(path, number, row) for number, row in enumerate(rows, start=1)]


def _message(path: Path, number: int, row: dict[str, Any]) -> Message:
    try:
        main = row.get("topic") if row["set"] == "question" else row.get("urgent")
        accepted = (main, *row.get("also", ())) if main else ()
        return Message(row["lang"], row["set"], str(row["text"]), accepted)
    except KeyError as error:
        raise KakekomiError(f"{path.name}: row {number} has no key {error}") from None


def evaluate(messages: Iterable[Message], judge: Judge) -> dict[str, list[Figure]]:
    """Return the figures of each language; the language of a message is not told to the judge."""
    by_language: dict[str, list[tuple[Message, Judgement]]] = {}
    for message in messages:
        judged = judge.judge(message.text)
        by_language.setdefault(message.language, []).append((message, judged))
    return {code: _figures(judged) for code, judged in by_language.items()}


def _figures(judged: Sequence[tuple[Message, Judgement]]) -> list[Figure]:
    def of(name: str) -> list[tuple[Message, Judgement]]:
        return [pair for pair in judged if pair[0].set == name]

    def answered(found: Judgement) -> bool:
        return found.decision is Decision.ANSWER

    def right(message: Message, found: Judgement, best: int) -> bool:
        return any(each.topic in message.accepted for each in found.candidates[:best])

    questions, urgent = of("question"), of("urgent")
    lookalikes, elsewhere = of("lookalike"), of("out_of_scope")
    confident = [pair for pair in questions if answered(pair[1])]
    escalated = [(m, j) for m, j in urgent if j.urgency is Urgency.ESCALATE]
    false = [j for _, j in lookalikes if j.urgency is Urgency.ESCALATE]
    false_elsewhere = [j for _, j in elsewhere if j.urgency is Urgency.ESCALATE]
    false_questions = [j for _, j in questions if j.urgency is Urgency.ESCALATE]
    return [
        Figure("top-1", sum(right(m, j, 1) for m, j in questions), len(questions)),
        Figure("top-3", sum(right(m, j, 3) for m, j in questions), len(questions)),
        Figure("answered", len(confident), len(questions)),
        Figure(
            "confident and wrong", sum(not right(m, j, 1) for m, j in confident), len(questions)
        ),
        Figure("out-of-scope answered", sum(answered(j) for _, j in elsewhere), len(elsewhere)),
        Figure("urgent recall", len(escalated), len(urgent)),
        Figure(
            "urgent, alarmed or human offered",
            sum(j.urgency is not Urgency.NONE for _, j in urgent),
            len(urgent),
        ),
        Figure(
            "urgent kind right", sum(j.urgent_kind in m.accepted for m, j in escalated), len(urgent)
        ),
        Figure("false alarms on look-alikes", len(false), len(lookalikes)),
        Figure("false alarms out of scope", len(false_elsewhere), len(elsewhere)),
        Figure("false alarms on questions", len(false_questions), len(questions)),
        Figure("language right", sum(m.language == j.language for m, j in judged), len(judged)),
    ]


def report(figures: dict[str, list[Figure]]) -> str:
    """Return the figures as lines: share, hits of count, interval."""
    lines = []
    for code, some in figures.items():
        lines.append(code)
        for figure in some:
            if figure.count:
                low, high = figure.interval()
                share = f"{figure.share:7.1%}  {figure.hits}/{figure.count}"
                lines.append(f"  {figure.name:<34}{share:<20} [{low:.1%} to {high:.1%}]")
    return "\n".join(lines)
