"""The volunteers as a team: who is on duty, who speaks what, who is called when a case waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cases.model import Case, Claim


@dataclass(frozen=True)
class Member:
    """A volunteer who has acted in the group at least once. `languages` are those they said they
    speak; empty while they have said nothing. `id` is the row's number, which names nobody."""

    id: int
    claim: Claim
    username: str | None = None
    language: str | None = None
    """The one that their Telegram is set to."""
    languages: tuple[str, ...] = ()
    duty_from: dt.datetime | None = None
    duty_until: dt.datetime | None = None
    away_until: dt.datetime | None = None

    def is_away(self, now: dt.datetime) -> bool:
        return self.away_until is not None and now < self.away_until

    def is_on_duty(self, now: dt.datetime) -> bool:
        if self.duty_from is None or self.duty_until is None or self.is_away(now):
            return False
        return self.duty_from <= now < self.duty_until

    def speaks(self, language: str) -> bool:
        """Whether they said that they speak it."""
        return language in self.languages

    def may_speak(self, language: str) -> bool:
        """Whether they said so, or have said nothing of any language."""
        return self.speaks(language) or not self.languages

    def is_named(self, words: str) -> bool:
        """Whether somebody means them by `@username`, their first name or their whole name."""
        wanted, name = words.strip().lstrip("@").casefold(), self.claim.name.casefold()
        known = {name, name.split(" ")[0], (self.username or "").casefold()}
        return bool(wanted) and wanted in known


def called(team: Sequence[Member], case: Case, rung: int, now: dt.datetime) -> list[Member]:
    """Return whom the alarm of a rung below the top calls by name.

    On the first those on duty who speak the person's language, all on duty where none does; on the
    second everybody who is not away. Where nobody is on duty a case of danger calls everybody at
    once: nobody else would be called before the second alarm.
    """
    there = [member for member in team if not member.is_away(now)]
    on_duty = [member for member in there if member.is_on_duty(now)]
    if rung > 1 or (not on_duty and case.urgent_kind is not None):
        return sorted(there, key=lambda member: not member.is_on_duty(now))
    return [member for member in on_duty if member.may_speak(case.language)] or on_duty


def next_duty(team: Sequence[Member], now: dt.datetime) -> dt.datetime | None:
    """Return from when the first volunteer plans to be on duty; None where nobody does."""
    planned = [
        member.duty_from
        for member in team
        if member.duty_from is not None and member.duty_from > now and not member.is_away(now)
    ]
    return min(planned, default=None)


def duty_is_known(team: Sequence[Member], now: dt.datetime) -> bool:
    """Whether the bot can know if anybody is there: a team that never says /duty may well be."""
    month = dt.timedelta(days=30)
    return any(each.duty_until is not None and each.duty_until > now - month for each in team)
