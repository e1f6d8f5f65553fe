"""Cases and their history. A step is one guarded UPDATE: of two at once, one wins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, or_, select, update

from cases.model import Case, Claim, Event, Origin, Outcome, State
from storage.database import Transaction
from storage.lanes import reorder
from storage.tables import case_events, cases, staff_posts

# The messages in the staff group below which a case's buttons stand.
WITH_BUTTONS = ("alert", "ping", "dealt")


async def case_of_person(tx: Transaction, person_id: int) -> Case | None:
    """Return the person's case, whatever its state, or None."""
    query = _for_a_step().where(cases.c.person_id == person_id)
    return _case(tx, (await tx.connection.execute(query)).one_or_none())


async def case_by_id(tx: Transaction, case_id: int) -> Case | None:
    query = select(cases).where(cases.c.id == case_id)
    return _case(tx, (await tx.connection.execute(query)).one_or_none())


async def locked_case(tx: Transaction, case_id: int) -> Case | None:
    """Return the case as it is once every other transaction that changes it has ended."""
    query = _for_a_step().where(cases.c.id == case_id)
    return _case(tx, (await tx.connection.execute(query)).one_or_none())


async def case_by_code(tx: Transaction, code: str) -> Case | None:
    query = _for_a_step().where(cases.c.code == code)
    return _case(tx, (await tx.connection.execute(query)).one_or_none())


async def case_of_topic(tx: Transaction, group_id: int | None, topic_id: int) -> Case | None:
    """Return the case that has a forum topic of a group; None where none has it, or more than one.

    Topics are numbered by group: after `STAFF_CHAT_ID` was changed two cases can have the same.
    """
    is_there = cases.c.group_id.is_not_distinct_from(group_id)
    query = select(cases).where(cases.c.topic_id == topic_id, is_there).limit(2)
    rows = (await tx.connection.execute(query)).all()
    return _case(tx, rows[0]) if len(rows) == 1 else None


async def case_of_post(tx: Transaction, chat_id: int, message_id: int) -> Case | None:
    """Return the case whose alert or copied message a message in the staff group is, or None."""
    query = (
        _for_a_step()
        .join(staff_posts, staff_posts.c.case_id == cases.c.id)
        .where(
            staff_posts.c.chat_id == chat_id,
            staff_posts.c.message_id == message_id,
            staff_posts.c.purpose.in_((*WITH_BUTTONS, "copy")),
        )
    )
    return _case(tx, (await tx.connection.execute(query)).one_or_none())


async def cases_due(tx: Transaction, now: dt.datetime, far: dt.datetime) -> list[Case]:
    """Return the cases that are due, first those that have been for longest.

    Those whose deadline lies behind `far` come too: perhaps the clock was set back since.
    """
    is_due = or_(cases.c.due_at <= now, cases.c.due_at > far)
    rows = await tx.connection.execute(select(cases).where(is_due).order_by(cases.c.due_at))
    return [case for row in rows if (case := _case(tx, row)) is not None]


async def open_case(
    tx: Transaction,
    code: str,
    person_id: int,
    language: str,
    origin: Origin,
    urgent_kind: str | None,
    now: dt.datetime,
    due_at: dt.datetime,
    group_id: int | None = None,
) -> Case:
    """Open the person's first case, in a group, and return it, with its first history row."""
    query = insert(cases).values(
        code=code,
        person_id=person_id,
        language=language,
        state=State.WAITING.value,
        origin=origin.value,
        urgent_kind=urgent_kind,
        opened_at=now,
        due_at=due_at,
        group_id=group_id,
    )
    case_id = (await tx.connection.execute(query.returning(cases.c.id))).scalar_one()
    await _add_event(tx, case_id, Event.OPEN, None, State.WAITING, urgent_kind, None, now)
    return Case(
        case_id,
        code,
        person_id,
        language,
        State.WAITING,
        origin,
        urgent_kind,
        None,
        now,
        due_at=due_at,
        group_id=group_id,
    )


async def save_step(
    tx: Transaction,
    before: Case,
    after: Case,
    event: Event,
    now: dt.datetime,
    by: Claim | None = None,
    outcome: Outcome | None = None,
    reason: str | None = None,
) -> bool:
    """Keep a step and its history row; return False, changing nothing, if the case has moved on.

    `outcome` is what came of a case that is closed, `reason` what the volunteer said why.
    """
    query = (
        update(cases)
        .where(
            cases.c.id == before.id,
            cases.c.state == before.state.value,
            cases.c.due_at.is_not_distinct_from(before.due_at),
        )
        .values(
            state=after.state.value,
            origin=after.origin.value,
            language=after.language,
            urgent_kind=after.urgent_kind,
            sealed_claim=_seal_claim(tx, after.claim),
            sealed_offer=_seal_claim(tx, after.offered_to),
            rung=after.rung,
            due_at=after.due_at,
            closed_at=now if after.state is State.CLOSED else None,
        )
    )
    if not (await tx.connection.execute(query)).rowcount:
        return False
    was, stands = ((each.state, each.urgent_kind, each.claim) for each in (before, after))
    # Of whom is erased nothing is sent in any order.
    if was != stands and event is not Event.ERASE:
        await reorder(tx, before, after)
    kind = after.urgent_kind
    await _add_event(
        tx, before.id, event, before.state, after.state, kind, by, now, outcome, reason
    )
    return True


async def set_topic(tx: Transaction, case: Case, topic_id: int | None) -> None:
    """Remember the forum topic of a case, unless it has left the group since; None when it is
    gone."""
    is_there = cases.c.group_id.is_not_distinct_from(case.group_id)
    query = update(cases).where(cases.c.id == case.id, is_there).values(topic_id=topic_id)
    await tx.connection.execute(query)


async def add_post(
    tx: Transaction, chat_id: int, message_id: int, case_id: int, purpose: str
) -> None:
    """Remember that a message in the staff group stands for a case."""
    values = {"chat_id": chat_id, "message_id": message_id}
    known = select(staff_posts).filter_by(**values)
    if (await tx.connection.execute(known)).one_or_none() is None:
        query = insert(staff_posts).values(**values, case_id=case_id, purpose=purpose)
        await tx.connection.execute(query)


async def alert_of_case(tx: Transaction, case_id: int) -> tuple[int, int] | None:
    """Return chat and message id of the newest alert of a case (a later alarm of its ladder is
    one), or None before it was sent."""
    posts = await posts_with_buttons(tx, case_id)
    return posts[0] if posts else None


async def posts_with_buttons(tx: Transaction, case_id: int) -> list[tuple[int, int]]:
    """Return chat and message id of the message below which a case is worked on, and of its newest
    alert if that is another; nothing before any was sent."""
    query = (
        select(staff_posts)
        .where(staff_posts.c.case_id == case_id, staff_posts.c.purpose.in_(WITH_BUTTONS))
        .order_by(staff_posts.c.message_id.desc())
    )
    rows = (await tx.connection.execute(query)).all()
    alerts = [row for row in rows if row.purpose != "dealt"]
    return [(row.chat_id, row.message_id) for row in dict.fromkeys((*rows[:1], *alerts[:1]))]


async def is_alert_of_case(tx: Transaction, case_id: int, chat_id: int, message_id: int) -> bool:
    """Return whether a message in the staff group is one of the alerts of a case."""
    query = select(staff_posts.c.case_id).where(
        *_is_post(case_id, chat_id, message_id, WITH_BUTTONS)
    )
    return (await tx.connection.execute(query)).one_or_none() is not None


async def is_list_of_cards(tx: Transaction, case_id: int, chat_id: int, message_id: int) -> bool:
    """Return whether a message in the staff group is a list of cards for a case, not used yet."""
    query = select(staff_posts.c.case_id).where(*_is_post(case_id, chat_id, message_id, ("cards",)))
    return (await tx.connection.execute(query)).one_or_none() is not None


async def use_list_of_cards(tx: Transaction, case_id: int, chat_id: int, message_id: int) -> bool:
    """Use up a list of cards for a case; of two presses at once only one gets True."""
    query = delete(staff_posts).where(*_is_post(case_id, chat_id, message_id, ("cards",)))
    return bool((await tx.connection.execute(query)).rowcount)


async def checklist_was_given(tx: Transaction, case_id: int, urgent_kind: str) -> bool:
    """Return whether the checklist for a kind of danger is in the case's topic."""
    query = select(case_events.c.id).where(
        case_events.c.case_id == case_id,
        case_events.c.event == Event.CHECKLIST.value,
        case_events.c.urgent_kind == urgent_kind,
    )
    return (await tx.connection.execute(query.limit(1))).one_or_none() is not None


def _is_post(
    case_id: int, chat_id: int, message_id: int, purposes: tuple[str, ...]
) -> tuple[ColumnElement[bool], ...]:
    return (
        staff_posts.c.chat_id == chat_id,
        staff_posts.c.message_id == message_id,
        staff_posts.c.case_id == case_id,
        staff_posts.c.purpose.in_(purposes),
    )


def _for_a_step() -> Select[Any]:
    """Select cases of which nobody else changes anything before the transaction ends."""
    return select(cases).with_for_update(of=cases, key_share=True)


async def _add_event(
    tx: Transaction,
    case_id: int,
    event: Event,
    before: State | None,
    after: State,
    urgent_kind: str | None,
    by: Claim | None,
    now: dt.datetime,
    outcome: Outcome | None = None,
    reason: str | None = None,
) -> None:
    query = insert(case_events).values(
        case_id=case_id,
        event=event.value,
        from_state=before.value if before else None,
        to_state=after.value,
        urgent_kind=urgent_kind,
        sealed_by=_seal_claim(tx, by, reason),
        outcome=outcome.value if outcome else None,
        at=now,
    )
    await tx.connection.execute(query)


def _seal_claim(tx: Transaction, claim: Claim | None, reason: str | None = None) -> str | None:
    said = [reason] if reason else []
    return tx.vault.seal([claim.staff_id, claim.name, *said]) if claim else None


def _open_claim(tx: Transaction, sealed: str | None) -> Claim | None:
    return Claim(*tx.vault.open(sealed)) if sealed else None


def _case(tx: Transaction, row: Any) -> Case | None:
    return None if row is None else case_from_row(tx, row)


def case_from_row(tx: Transaction, row: Any) -> Case:
    """Return the case that a row of `cases` holds."""
    return Case(
        id=row.id,
        code=row.code,
        person_id=row.person_id,
        language=row.language,
        state=State(row.state),
        origin=Origin(row.origin),
        urgent_kind=row.urgent_kind,
        claim=_open_claim(tx, row.sealed_claim),
        opened_at=row.opened_at,
        topic_id=row.topic_id,
        rung=row.rung,
        due_at=row.due_at,
        offered_to=_open_claim(tx, row.sealed_offer),
        group_id=row.group_id,
    )
