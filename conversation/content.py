"""Everything that the conversation reads: what is true, how it is said, what is meant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from conversation.check import check_answers
from conversation.render import Voice
from errors import ContentError
from knowledge.load import Knowledge, load_knowledge
from matching.judgement import Judgement
from matching.matcher import Matcher
from translations.check import check_translations
from translations.load import REFERENCE, Translations, load_translations

JAPAN = ZoneInfo("Asia/Tokyo")


class Judge(Protocol):
    """The matching, as the conversation needs it."""

    def judge(self, text: str, hint: str | None = None) -> Judgement: ...

    def rows_named(self, text: str, table_id: str, language: str) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Content:
    """The content of one run of the program; it never changes while it runs."""

    knowledge: Knowledge
    translations: Translations
    judge: Judge

    def voice(self, code: str, now: dt.datetime) -> Voice:
        """Return the language's voice on the day that it is now in Japan."""
        day = now.astimezone(JAPAN).date()
        return Voice(self.translations.language(code), self.knowledge, day)

    def first_language(self, account_language: str | None) -> str:
        """Return the language to begin in: the account's, where it is offered, else English."""
        code = (account_language or "").partition("-")[0].lower()
        return code if code in self.translations.languages else REFERENCE


def load_content(languages: tuple[str, ...] = ()) -> Content:
    """Return the content in these languages (all that are offered when empty).

    Raises ContentError with every fault there is: the bot does not start on one.
    """
    knowledge, translations = load_checked(languages)
    return Content(knowledge, translations, Matcher(translations, knowledge))


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
