"""Everything that the conversation reads: what is true, how it is said, what is meant."""

from __future__ import annotations

import datetime as dt
import platform
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

import matching
from cache import file_for, read_arrays, write_arrays
from conversation.check import check_answers
from conversation.render import Voice
from errors import ContentError, Fault
from knowledge.load import Knowledge, load_knowledge
from matching.judgement import Judgement
from matching.lessons import lessons_of
from matching.matcher import LanguageMatcher, Matcher
from translations.check import check_translations
from translations.load import REFERENCE, Language, Translations, load_translations

log = structlog.get_logger()

DATA = Path("data")
JAPAN = ZoneInfo("Asia/Tokyo")


class Judge(Protocol):
    """The matching, as the conversation needs it."""

    def judge(self, text: str, hint: str | None = None) -> Judgement: ...

    def is_urgent(self, text: str) -> bool: ...

    def phrasing(self, text: str, topic_id: str, language: str) -> str: ...

    def rows_named(self, text: str, table_id: str, language: str) -> tuple[str, ...]: ...


# Without a text of its own: it would be megabytes, wherever an error or asyncio shows one.
@dataclass(frozen=True, repr=False)
class Content:
    """The content of one run of the program; it never changes while it runs. `staff_language` is
    the one in which the bot speaks to the volunteers' group."""

    knowledge: Knowledge
    translations: Translations
    judge: Judge
    staff_language: str = REFERENCE

    def voice(self, code: str, now: dt.datetime) -> Voice:
        """Return the language's voice on the day that it is now in Japan."""
        day = now.astimezone(JAPAN).date()
        return Voice(self.translations.language(code), self.knowledge, day)

    def staff_voice(self, now: dt.datetime, code: str | None = None) -> Voice:
        """Return the voice for the volunteers' group, or for one of them, whose account is set to
        `code`, where the bot speaks that language to volunteers."""
        staff = self.translations.staff
        language = staff.get((code or "").partition("-")[0].lower()) or staff[self.staff_language]
        return Voice(language, self.knowledge, now.astimezone(JAPAN).date())

    def first_language(self, account_language: str | None) -> str:
        """Return the language to begin in: the account's, where it is offered, else English."""
        code = (account_language or "").partition("-")[0].lower()
        return code if code in self.translations.languages else REFERENCE


def load_content(
    languages: tuple[str, ...] = (), folder: Path = DATA, staff_language: str = REFERENCE
) -> Content:
    """Return the content in these languages (all that are offered when empty).

    What the matching has learnt is kept in `folder`; without it a start takes about a minute.
    Raises ContentError with every fault there is: the bot does not start on one.
    """
    knowledge, translations = load_checked(languages)
    if staff_language not in translations.staff:
        mend = f"Choose from: {', '.join(translations.staff)}."
        wrong = "volunteers cannot be spoken to in this language"
        raise ContentError([Fault("STAFF_LANGUAGE", staff_language, wrong, mend)])
    matchers = {
        code: _matcher(language, knowledge, folder)
        for code, language in translations.languages.items()
    }
    return Content(knowledge, translations, Matcher(matchers), staff_language)


def load_checked(languages: tuple[str, ...] = ()) -> tuple[Knowledge, Translations]:
    """Return what is true and how it is said, without the matching, which takes longer.

    Raises ContentError with every fault there is.
    """
    knowledge, faults = load_knowledge()
    translations, more = load_translations(only=languages)
    faults += more + check_translations(translations, knowledge)
    if not faults:
        faults += check_answers(translations, knowledge)
    if faults:
        raise ContentError(faults)
    return knowledge, translations


def _matcher(language: Language, knowledge: Knowledge, folder: Path) -> LanguageMatcher:
    """Return the matching of a language, from `folder` where it is kept."""
    lessons = lessons_of(language, knowledge)
    file = file_for(folder, f"index-{language.code}", [lessons.as_bytes(), *_program()])
    arrays = read_arrays(file)
    if arrays is not None:
        try:
            return LanguageMatcher(language, lessons, arrays)
        except (KeyError, ValueError, TypeError) as error:
            log.warning("index.foreign", file=file.name, error=type(error).__name__)
    # SciPy, which only learning needs, takes time and memory to load.
    from matching.training import train

    arrays = train(lessons)
    write_arrays(file, arrays)
    return LanguageMatcher(language, lessons, arrays)


def _program() -> Iterator[bytes]:
    """Yield what decides, beside the lessons, what is learnt."""
    yield f"{platform.python_version()} {unicodedata.unidata_version}".encode()
    yield from (f"{name} {version(name)}".encode() for name in ("numpy", "scipy"))
    for path in sorted(Path(matching.__file__).parent.glob("*.py")):
        yield path.read_bytes()
