"""The commands that need the content only: no database, no Telegram."""

from __future__ import annotations

import argparse
import datetime as dt
import html
import json
import re
import sys
from typing import Any

from cases.codes import new_code
from conversation.content import JAPAN, Content, load_checked, load_content
from conversation.messages import Incoming, Kind
from conversation.respond import respond
from conversation.state import PersonState
from errors import KakekomiError
from knowledge.due import due_lines
from knowledge.load import load_knowledge
from matching.evaluate import evaluate, read_messages, report
from matching.judgement import Decision


def today() -> dt.date:
    """Return the day that it is now in Japan."""
    return dt.datetime.now(JAPAN).date()


def check(_: argparse.Namespace) -> int:
    """Say that the content has no fault; raises ContentError with all of them otherwise."""
    knowledge, translations = load_checked()
    topics, facts = len(knowledge.topics), len(knowledge.facts)
    contacts, languages = len(knowledge.contacts), ", ".join(translations.languages)
    print(f"No faults in {topics} topics, {facts} facts, {contacts} contacts; {languages}.")
    return 0


def ask(options: argparse.Namespace) -> int:
    """Print how a message is judged, and what the person would read."""
    content = load_content(folder=options.folder)
    noon = dt.datetime.combine(options.on or today(), dt.time(12), JAPAN)
    language = content.first_language(options.language)
    incoming = Incoming(Kind.TEXT, options.text, None, options.language)
    turn = respond(
        incoming, language, PersonState(welcomed=True), None, new_code(), "", content, noon
    )
    print(
        json.dumps(explain(content, options.text, options.language), ensure_ascii=False, indent=2)
    )
    for reply in turn.replies:
        print("\n" + html.unescape(re.sub(r"<[^>]*>", "", reply.text)))
        for row in reply.buttons:
            print("  " + " ".join(f"[{button.label}]" for button in row))
    return 0


def classify(options: argparse.Namespace) -> int:
    """Judge JSON Lines from standard input, one line out for each line in, in order."""
    content = load_content(folder=options.folder)
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            judged = explain(content, str(row["text"]), row.get("language"))
        except (ValueError, KeyError, TypeError, AttributeError):
            wanted = '{"id": …, "text": …, "language": … or left out}'
            raise KakekomiError(f"line {number} of the input is not {wanted}") from None
        print(json.dumps({"id": row.get("id"), **judged}, ensure_ascii=False), flush=True)
    return 0


def evaluate_files(options: argparse.Namespace) -> int:
    """Print the figures of each offered language over the files."""
    content = load_content(folder=options.folder)
    messages = [message for path in options.files for message in read_messages(path)]
    languages = content.translations.languages
    offered = [message for message in messages if message.language in languages]
    print(report(evaluate(offered, content.judge)))
    waiting = sorted({message.language for message in messages} - set(languages))
    if waiting:
        print(f"not offered yet, so not judged: {', '.join(waiting)}")
    return 0


def due(_: argparse.Namespace) -> int:
    """List what a human should look at."""
    knowledge, _faults = load_knowledge()
    lines = due_lines(knowledge, today())
    print("\n".join(lines) or "Nothing is due.")
    return 0


def explain(content: Content, text: str, hint: str | None) -> dict[str, Any]:
    """Return how a message is judged and why, as JSON."""
    judge = content.judge
    judged = judge.judge(text, hint)
    understood = judged.decision in (Decision.ANSWER, Decision.SUGGEST)
    best = judged.best if understood else None
    return {
        "language": judged.language,
        "urgency": judged.urgency.value,
        "urgent_kind": judged.urgent_kind,
        "urgent_score": round(judged.urgent_score, 3),
        "urgent_phrasing": judged.urgent_phrasing,
        "decision": judged.decision.value,
        "topic": best.topic if best else None,
        "score": round(best.score, 3) if best else 0.0,
        "phrasing": judge.phrasing(text, best.topic, judged.language) if best else None,
        "suggestions": [
            {"topic": each.topic, "score": round(each.score, 3)} for each in judged.candidates
        ],
    }
