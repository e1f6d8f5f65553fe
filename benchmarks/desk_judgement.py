"""What has come of a shift at the desk: who waited for how long, what was lost or overtaken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, select

from benchmarks.desks import ALERT, CODE, NUMBERED
from benchmarks.limits import Call, TelegramLimits
from benchmarks.shift import GROUP, Shift
from benchmarks.simulated_time import Clock
from sandbox.markup import plain_text
from storage.database import Transaction
from storage.lanes import STAFF_LANE
from storage.tables import case_events, cases, outbox

PING = "⏰"
HOUSEKEEPING = ("topic", "edit", "notice")
# A message that was on its way already when an alert came to be has not passed it.
ON_ITS_WAY_S = 1.0


def kind_of(call: Call) -> str:
    """Return what a call brings to the group."""
    if call.method != "sendmessage":
        return {"copymessage": "copy", "createforumtopic": "topic"}.get(call.method, "edit")
    text = plain_text(str(call.params["text"]))
    if NUMBERED.search(text):
        return "copy"
    if ALERT.match(text):
        return "alert"
    return "ping" if PING in text.partition("\n")[0] else "notice"


@dataclass
class Judgement:
    """Looks at all chats and all calls that Telegram took. Times are simulated seconds.

    A relay has no alerts: the first copy of a person's words is theirs.
    """

    shift: Shift
    limits: TelegramLimits
    is_relay: bool = False
    alert_s: dict[int, float] = field(default_factory=dict)
    """When the first alert of each person stood in the group."""
    human_s: dict[int, float] = field(default_factory=dict)
    copy_s: dict[str, float] = field(default_factory=dict)
    """When each message of a person stood in the group."""
    sent: Counter[str] = field(default_factory=Counter)
    """What the group got, by kind; the last of it at `last_s`."""
    last_s: float = 0.0
    waiting: Counter[str] = field(default_factory=Counter)
    """What waits for the group when the run ends, by purpose."""
    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.told = self._codes()
        self._owner = self._owners()
        self._look_at_calls()
        if self.is_relay:
            for number, at_s in self.copy_s.items():
                self.alert_s.setdefault(self.shift.written[number][0], at_s)
        people = {plan.person for plan in self.shift.plans}
        self.found["cases lost"] = [str(each) for each in people - set(self.alert_s)]
        self.found["messages of people lost"] = sorted(set(self.shift.written) - set(self.copy_s))
        self._judge_replies()
        self.found["cases answered twice at once"] = self.shift.held_twice

    def _codes(self) -> dict[str, int]:
        """Who was told which code by the bot."""
        telegram = self.shift.telegram
        return {
            code: plan.person
            for plan in self.shift.plans
            for message in telegram.chats[plan.person].messages.values()
            for code in CODE.findall(message.get("text", ""))
            if message["from"]["id"] == telegram.bot.id
        }

    def _owners(self) -> dict[str, int]:
        """Whose case is which: by the code that the bot told them, or by the words in the topic."""
        telegram, told = self.shift.telegram, self.told
        owner: dict[str, int] = {}
        for message in telegram.chats[GROUP].messages.values():
            text = message.get("text", "")
            if alert := ALERT.match(text):
                owner[alert[1]] = told.get(alert[1], 0)
            for number in NUMBERED.findall(text):
                topic = str(message.get("message_thread_id"))
                owner.setdefault(topic, self.shift.written[number][0])
        return owner

    def _look_at_calls(self) -> None:
        for call in self.limits.taken:
            if call.chat_id != GROUP:
                if call.method == "copymessage":
                    self.human_s.setdefault(call.chat_id, call.at_s)
                continue
            kind = kind_of(call)
            self.sent[kind] += 1
            self.last_s = call.at_s
            if kind == "alert" and (alert := ALERT.match(plain_text(str(call.params["text"])))):
                self.alert_s.setdefault(self._owner[alert[1]], call.at_s)
            elif kind == "copy":
                for number in NUMBERED.findall(self._words(call)):
                    self.copy_s.setdefault(number, call.at_s)

    def _words(self, call: Call) -> str:
        """Return the text of a copy; what was written in one go may come as one message."""
        if call.method == "sendmessage":
            return str(call.params["text"])
        original = self.shift.telegram.chats[int(call.params["from_chat_id"])]
        return str(original.messages[int(call.params["message_id"])].get("text", ""))

    def _judge_replies(self) -> None:
        self.found |= {"replies lost": [], "wrong recipient": []}
        come: defaultdict[str, list[int]] = defaultdict(list)
        for plan in self.shift.plans:
            for message in self.shift.telegram.chats[plan.person].messages.values():
                come[message.get("text", "")].append(plan.person)
        for name, case in self.shift.replies.items():
            if not come[name]:
                self.found["replies lost"].append(name)
            if set(come[name]) - {self._owner.get(case, 0)}:
                self.found["wrong recipient"].append(name)

    @property
    def refused(self) -> tuple[int, int, int]:
        """How often Telegram answered 429 because of the group's limit, of people's, of all."""
        to_group, in_all = self.limits.refused[GROUP], self.limits.refused_in_all
        return to_group, self.limits.refused.total() - to_group, in_all

    def housekeeping_share(self, until_s: float) -> float:
        """Return how much of what the group got until then was neither alert, copy nor ping."""
        kinds = [
            kind_of(call)
            for call in self.limits.taken
            if call.chat_id == GROUP and call.at_s <= until_s
        ]
        return sum(kind in HOUSEKEEPING for kind in kinds) / max(1, len(kinds))

    def waited_s(self, until_s: dict[int, float], *, in_danger: bool) -> list[float]:
        """Return how long each person of a kind waited from when they needed a human, sorted."""
        people = [plan.person for plan in self.shift.plans if plan.in_danger == in_danger]
        due_s = self.shift.due_s
        return sorted(
            max(0.0, until_s[person] - due_s[person])
            for person in people
            if person in until_s and person in due_s
        )

    def words_waited_s(self, *, in_danger: bool) -> list[float]:
        """Return how long each message of such people took to the group, sorted."""
        people = {plan.person for plan in self.shift.plans if plan.in_danger == in_danger}
        written = self.shift.written
        return sorted(
            at_s - written[number][1]
            for number, at_s in self.copy_s.items()
            if written[number][0] in people
        )


async def judge_rest(tx: Transaction, judgement: Judgement) -> None:
    """Note what waits to be sent to the group yet: it is not lost."""
    query = (
        select(outbox.c.purpose, outbox.c.sealed_body, cases.c.code)
        .join(cases, cases.c.id == outbox.c.case_id, isouter=True)
        .where(outbox.c.lane == STAFF_LANE, outbox.c.state.in_(["waiting", "sending", "uncertain"]))
    )
    chats = judgement.shift.telegram.chats
    coming: set[str] = set()
    alerted: set[str] = set()
    for purpose, sealed, code in await tx.connection.execute(query):
        judgement.waiting[purpose] += 1
        if purpose == "alert":
            alerted.add(str(judgement.told.get(code)))
        if purpose == "copy":
            body = tx.vault.open(sealed)
            person, message_id = body["copy_of"]
            ids = {message_id, *(words["message_id"] for words in body["relay"]["said"])}
            texts = (chats[person].messages[each].get("text", "") for each in ids)
            coming.update(number for text in texts for number in NUMBERED.findall(text))
    without = judgement.found["cases lost"]
    judgement.found["cases lost"] = [each for each in without if each not in alerted]
    lost = judgement.found["messages of people lost"]
    judgement.found["messages of people lost"] = [each for each in lost if each not in coming]


async def judge_order(
    tx: Transaction, clock: Clock, ranks: Sequence[str], calls: Sequence[Call]
) -> dict[str, list[str]]:
    """Return, by what is wrong, the alerts that something passed that must not.

    `ranks` are the kinds of danger, the most urgent first.
    """
    # A case may be raised later: what it was when the alert was written stands in its history.
    of_that_moment = and_(
        case_events.c.case_id == outbox.c.case_id, case_events.c.at == outbox.c.created_at
    )
    query = (
        select(outbox, cases.c.code, case_events.c.urgent_kind)
        .join(cases, cases.c.id == outbox.c.case_id, isouter=True)
        .join(case_events, of_that_moment, isouter=True)
        .where(outbox.c.lane == STAFF_LANE, outbox.c.sent_at.is_not(None))
        .order_by(outbox.c.id)
    )
    rows = (await tx.connection.execute(query)).all()
    found: dict[str, list[str]] = {"order by risk broken": [], "alert of danger passed": []}
    alerts = [
        (clock.at_s(row.created_at), clock.at_s(row.sent_at), _rank(row.urgent_kind, ranks), row)
        for row in rows
        if row.purpose == "alert"
    ]
    others = [(clock.at_s(row.sent_at), row.purpose) for row in rows if row.purpose != "alert"]
    topics = [
        (call.at_s, str(call.params["name"])) for call in calls if call.method == "createforumtopic"
    ]
    for due_s, sent_s, rank, row in alerts:
        waited = (due_s + ON_ITS_WAY_S, sent_s)
        if any(waited[0] < at_s < waited[1] and other > rank for _, at_s, other, _ in alerts):
            found["order by risk broken"].append(row.code)
        passed = any(waited[0] < at_s < waited[1] for at_s, _ in others) or any(
            waited[0] < at_s < waited[1] and row.code not in name for at_s, name in topics
        )
        if passed and row.urgent_kind is not None:
            found["alert of danger passed"].append(row.code)
    return found


def _rank(kind: str | None, ranks: Sequence[str]) -> int:
    return ranks.index(kind) if kind is not None else len(ranks)
