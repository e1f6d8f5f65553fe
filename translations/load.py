"""Files -> one frozen `Translations`, with every fault that was found on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from errors import Fault
from knowledge.files import as_mapping, read_mapping, read_model, read_yaml, short
from translations.schema import (
    Answer,
    CardsText,
    ChecklistsText,
    ContactText,
    CuesText,
    LanguageEntry,
    RowText,
    Smalltalk,
    StaffAnswersText,
    StaffText,
    TopicText,
    UrgencyText,
    WordsText,
)

FOLDER = Path(__file__).parent
REFERENCE = "en"


@dataclass(frozen=True)
class Language:
    """All texts of one language; `ui` maps keys to texts with `{placeholders}`. `staff` and
    `checklists` are read by volunteers only: a language that the bot does not speak to them has
    none. `staff_answers` are the answers in a language that it speaks to nobody else."""

    code: str
    entry: LanguageEntry
    ui: Mapping[str, str]
    topics: Mapping[str, TopicText]
    urgency: UrgencyText
    contacts: Mapping[str, ContactText]
    laws: Mapping[str, str]
    tables: Mapping[str, Mapping[str, RowText]]
    smalltalk: Smalltalk
    words: WordsText
    cues: CuesText
    cards: CardsText
    staff: StaffText | None = None
    checklists: ChecklistsText | None = None
    staff_answers: StaffAnswersText | None = None


@dataclass(frozen=True)
class Translations:
    """`languages` are those offered to people; `staff` those in which the bot speaks to the
    volunteers, whose `ui` holds their texts beside the people's."""

    languages: Mapping[str, Language]
    staff: Mapping[str, Language]

    def language(self, code: str) -> Language:
        """Return the language, or English where `code` is not offered."""
        return self.languages.get(code) or self.languages[REFERENCE]


def load_translations(
    folder: Path = FOLDER, only: tuple[str, ...] = ()
) -> tuple[Translations, list[Fault]]:
    """Return the offered languages (English always, else those in `only`, all when it is empty).

    A language with a fault in a file that it cannot do without is left out; the faults say why.
    """
    faults: list[Fault] = []
    entries = read_mapping(folder / "languages.yaml", LanguageEntry, faults)
    for code in only:
        if code not in entries:
            mend = f"Choose from: {', '.join(entries)}."
            faults.append(Fault("LANGUAGES", code, "no such language in languages.yaml", mend))
    languages = {}
    for code, entry in entries.items():
        if entry.offered and (not only or code in only or code == REFERENCE):
            language = _language(folder / code, code, entry, faults)
            if language is not None:
                languages[code] = language
    english = languages.get(REFERENCE)
    staff = {
        code: language
        for code, entry in entries.items()
        if english is not None and entry.staff
        for language in _of_staff(folder / code, entry, languages.get(code, english), faults)
    }
    return Translations(languages, staff), faults


def revision(answer: Answer, parts: set[str] | None = None) -> str:
    """Return the revision of an answer, or of these parts of it: it changes whenever they do."""
    text = answer.model_dump(mode="json", include=parts)
    content = json.dumps(text, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:10]


def _language(
    folder: Path, code: str, entry: LanguageEntry, faults: list[Fault]
) -> Language | None:
    urgency = read_model(folder / "urgency.yaml", UrgencyText, faults)
    smalltalk = read_model(folder / "smalltalk.yaml", Smalltalk, faults)
    words = read_model(folder / "words.yaml", WordsText, faults)
    cues = read_model(folder / "cues.yaml", CuesText, faults)
    cards = read_model(folder / "cards.yaml", CardsText, faults)
    ui = _strings(folder / "ui.yaml", faults)
    topics = {
        path.stem: read_model(path, TopicText, faults)
        for path in sorted((folder / "topics").glob("*.yaml"))
    }
    contacts = read_mapping(folder / "contacts.yaml", ContactText, faults)
    laws = _strings(folder / "laws.yaml", faults)
    tables = _tables(folder / "tables.yaml", faults)
    if urgency is None or smalltalk is None or words is None or cues is None or cards is None:
        return None
    return Language(
        code=code,
        entry=entry,
        ui=ui,
        topics={name: text for name, text in topics.items() if text is not None},
        urgency=urgency,
        contacts=contacts,
        laws=laws,
        tables=tables,
        smalltalk=smalltalk,
        words=words,
        cues=cues,
        cards=cards,
    )


def _of_staff(
    folder: Path, entry: LanguageEntry, base: Language, faults: list[Fault]
) -> Iterator[Language]:
    """Yield the language as volunteers read it: over `base`, which is English where the language is
    not offered to people. Nothing where a file is missing or has a fault."""
    staff = read_model(folder / "staff.yaml", StaffText, faults)
    cards = read_model(folder / "cards.yaml", CardsText, faults)
    checklists = read_model(folder / "checklists.yaml", ChecklistsText, faults)
    if staff is None or cards is None or checklists is None:
        return
    # Optional: volunteers read the answers in English where they are in no language of theirs.
    path = folder / "answers.yaml"
    answers = read_model(path, StaffAnswersText, faults) if path.exists() else None
    kinds = {
        kind: text.model_copy(update={"name": staff.kinds.get(kind, text.name)})
        for kind, text in base.urgency.kinds.items()
    }
    contacts = {
        name: text.model_copy(update={"name": staff.contacts.get(name, text.name)})
        for name, text in base.contacts.items()
    }
    yield replace(
        base,
        code=folder.name,
        entry=entry,
        ui={**base.ui, **staff.texts, "date-format": staff.date_format or base.ui["date-format"]},
        topics=_read_by_staff(base.topics, answers),
        urgency=base.urgency.model_copy(update={"kinds": kinds}),
        contacts=contacts,
        cards=cards,
        staff=staff,
        checklists=checklists,
        staff_answers=answers,
    )


def _read_by_staff(
    topics: Mapping[str, TopicText], own: StaffAnswersText | None
) -> Mapping[str, TopicText]:
    """Return the topics with what volunteers read of them in a language of their own."""
    if own is None:
        return topics
    return {
        topic_id: text.model_copy(
            update={
                "title": own.answers[topic_id].title,
                "answer": text.answer.model_copy(update={"short": own.answers[topic_id].short}),
            }
        )
        for topic_id, text in topics.items()
        if topic_id in own.answers
    }


def _strings(path: Path, faults: list[Fault]) -> dict[str, str]:
    content = read_yaml(path, faults)
    if not isinstance(content, dict):
        return {}
    for key, value in content.items():
        if not isinstance(value, str):
            faults.append(Fault(short(path), str(key), "this is not a text", "Put it in quotes."))
    return {key: value for key, value in content.items() if isinstance(value, str)}


def _tables(path: Path, faults: list[Fault]) -> dict[str, dict[str, RowText]]:
    content = read_yaml(path, faults)
    if not isinstance(content, dict):
        return {}
    return {name: as_mapping(path, rows, RowText, faults, name) for name, rows in content.items()}
