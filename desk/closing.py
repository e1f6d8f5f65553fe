"""Closing a case: the volunteer says what came of it, and the person is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cases.lifecycle import step
from cases.model import Case, Claim, Event, Outcome, State
from conversation import alerts, closing
from conversation.messages import Button
from conversation.render import Voice
from desk.asked import Pressed
from desk.steps import Desk, refusal
from errors import CaseError
from storage.backlog import waited_s
from storage.cases import case_by_code, is_alert_of_case, posts_with_buttons, save_step
from storage.database import Transaction
from storage.follow_ups import drop_follow_ups
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import person_of_case


@dataclass(frozen=True)
class ClosingDesk:
    """Serves the staff beside the desk, whose steps it uses."""

    desk: Desk

    async def press(self, pressed: Pressed, now: dt.datetime) -> str | None:
        """Show what can have come of a case below its alert, or close it with what came of it.

        Only an alert of the case itself does anything. Returns what the volunteer is told in a
        pop-up, None where nothing is or the update was done before. Raises StorageError.
        """
        waited = None
        voice = self.desk.content.staff_voice(now, pressed.volunteer.language)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, pressed.update_id):
                return None
            case = await case_by_code(tx, pressed.code)
            outcome = next((each for each in Outcome if each.value == pressed.item), None)
            if case is None or (pressed.action == "outcome" and outcome is None):
                return voice.label("staff-no-case")
            if not await is_alert_of_case(tx, case.id, *pressed.post):
                return voice.label("staff-not-this-case")
            if case.state is State.CLOSED:
                return refusal(voice, case)
            if outcome is None:
                shown = _page(self.desk.content.staff_voice(now), case, pressed.action)
                await _change_buttons(tx, case, pressed.post, shown, now)
            else:
                waited = await waited_s(tx, case, now)
                try:
                    await self._close(tx, case, outcome, pressed, now)
                except CaseError:
                    return refusal(voice, case)
        self.desk.note_first_step(case, waited)
        self.desk.sent()
        return None

    async def _close(
        self, tx: Transaction, case: Case, outcome: Outcome, pressed: Pressed, now: dt.datetime
    ) -> None:
        by: Claim = pressed.volunteer.claim
        content = self.desk.content
        after = step(case, Event.CLOSE, now=now, limits=self.desk.limits, claim=by)
        await save_step(tx, case, after, Event.CLOSE, now, by=by, outcome=outcome)
        await drop_follow_ups(tx, case.id)
        came = closing.outcome_name(content.staff_voice(now), outcome)
        await self.desk.tell_group(tx, case, "staff-closed", now, name=by.name, outcome=came)
        await self.desk.refresh_buttons(tx, after, now)
        if pressed.post not in await posts_with_buttons(tx, case.id):
            await _change_buttons(tx, case, pressed.post, (), now, Purpose.BUTTONS)
        await self.desk.tell_person(tx, after, await person_of_case(tx, after), now)


def _page(voice: Voice, case: Case, action: str) -> tuple[tuple[Button, ...], ...]:
    if action == "close":
        return closing.outcomes(voice, case)
    return closing.handed_to(voice, case) if action == "handed" else alerts.buttons(voice, case)


async def _change_buttons(
    tx: Transaction,
    case: Case,
    post: tuple[int, int],
    buttons: tuple[tuple[Button, ...], ...],
    now: dt.datetime,
    purpose: Purpose = Purpose.EDIT,
) -> None:
    edit = Outgoing(None, purpose, keyboard=buttons, edits=post, case_id=case.id)
    await enqueue(tx, edit, now)
