"""Files -> one frozen `Knowledge`, with every fault that was found on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from errors import Fault, UncoveredDayError
from knowledge.files import Strict, on_day, read_mapping, read_model
from knowledge.schema import (
    Cards,
    Contact,
    Fact,
    FactValue,
    Law,
    Reference,
    Source,
    Table,
    Topic,
    Unit,
    UrgentFile,
    UrgentKind,
    UrgentKindFile,
)

FOLDER = Path(__file__).parent

Item = TypeVar("Item", bound=Strict)


@dataclass(frozen=True)
class Knowledge:
    """Everything that is true, by id. All days are calendar days in Japan."""

    topics: Mapping[str, Topic]
    facts: Mapping[str, Fact]
    contacts: Mapping[str, Contact]
    laws: Mapping[str, Law]
    sources: Mapping[str, Source]
    urgent: Mapping[UrgentKind, UrgentKindFile]
    tables: Mapping[str, Table]
    # By urgent kind, None for who just asks for a human: after how many minutes alarms go off.
    ladders: Mapping[str | None, tuple[int, ...]]
    cards: Cards

    def value_on(self, fact_id: str, day: dt.date) -> tuple[FactValue, Unit]:
        """Return the fact's value and unit on `day`.

        Raises UncoveredDayError when the day has no value, the rule has ended, or the newest
        value has not been checked for that day. Never a neighbouring day's value.
        """
        fact = self.facts[fact_id]
        value = on_day(fact.values, day)
        if value is None or (fact.holds_until and day > fact.holds_until):
            raise UncoveredDayError(f"fact {fact_id}", day)
        return value, fact.unit

    def row_on(self, table_id: str, row_id: str, day: dt.date) -> dict[str, FactValue]:
        """Return the row's value of each column on `day`; raises as `value_on`."""
        table = self.tables[table_id]
        row = {name: on_day(by, day) for name, by in table.rows[row_id].values.items()}
        if None in row.values() or (table.holds_until and day > table.holds_until):
            raise UncoveredDayError(f"table {table_id} row {row_id}", day)
        return row

    def contact_on(self, contact_id: str, day: dt.date) -> tuple[str, Contact]:
        """Return the contact that holds this post on `day`: itself, or its successor."""
        contact = self.contacts[contact_id]
        if contact.until and day > contact.until:
            if contact.successor is None:
                raise UncoveredDayError(f"contact {contact_id}", day)
            return self.contact_on(contact.successor, day)
        if contact.from_ and day < contact.from_:
            raise UncoveredDayError(f"contact {contact_id}", day)
        return contact_id, contact


def load_knowledge(folder: Path = FOLDER) -> tuple[Knowledge, list[Fault]]:
    """Return the knowledge in `folder` and its faults; what is faulty is left out of it."""
    faults: list[Fault] = []
    urgent = read_model(folder / "urgent.yaml", UrgentFile, faults)
    cards = read_model(folder / "cards.yaml", Cards, faults)
    knowledge = Knowledge(
        topics=_folder(folder / "topics", Topic, faults),
        facts=_folder(folder / "facts", Fact, faults),
        contacts=_folder(folder / "contacts", Contact, faults),
        laws=read_mapping(folder / "laws.yaml", Law, faults),
        sources=read_mapping(folder / "sources.yaml", Source, faults),
        urgent=urgent.kinds if urgent else {},
        tables=_folder(folder / "tables", Table, faults),
        ladders=_ladders(urgent) if urgent else {},
        cards=cards or Cards(groups={}),
    )
    faults += _dangling(knowledge)
    return knowledge, faults


def _ladders(urgent: UrgentFile) -> dict[str | None, tuple[int, ...]]:
    ladders: dict[str | None, tuple[int, ...]] = {None: urgent.request_ladder_minutes}
    return ladders | {kind: entry.ladder_minutes for kind, entry in urgent.kinds.items()}


def _folder(folder: Path, model: type[Item], faults: list[Fault]) -> dict[str, Item]:
    items = ((path.stem, read_model(path, model, faults)) for path in sorted(folder.glob("*.yaml")))
    return {name: item for name, item in items if item is not None}


def references(knowledge: Knowledge) -> Iterator[tuple[str, str, Reference]]:
    """Yield every reference as (file, key, reference)."""
    for name, topic in knowledge.topics.items():
        for number, statement in enumerate(topic.statements):
            yield f"knowledge/topics/{name}.yaml", f"statements.{number}", statement
    for name, fact in knowledge.facts.items():
        for day, reference in fact.references.items():
            yield f"knowledge/facts/{name}.yaml", f"references.{day}", reference
    for name, table in knowledge.tables.items():
        for row_id, row in table.rows.items():
            for day, reference in row.references.items():
                yield f"knowledge/tables/{name}.yaml", f"rows.{row_id}.references.{day}", reference


def _dangling(knowledge: Knowledge) -> list[Fault]:
    faults: list[Fault] = []

    def look(file: str, key: str, ids: Iterable[str], known: Mapping[str, object]) -> None:
        for name in ids:
            if name not in known:
                wrong = f"there is no {name!r}"
                faults.append(Fault(file, key, wrong, "Correct the id, or add what it names."))

    for file, key, reference in references(knowledge):
        look(file, f"{key}.sources", reference.sources, knowledge.sources)
        look(file, f"{key}.law", (law.act for law in reference.law), knowledge.laws)
    for name, topic in knowledge.topics.items():
        file = f"knowledge/topics/{name}.yaml"
        look(file, "related", topic.related, knowledge.topics)
        look(file, "contacts", topic.contacts, knowledge.contacts)
        look(file, "table", [topic.table] if topic.table else [], knowledge.tables)
    for name, contact in knowledge.contacts.items():
        file = f"knowledge/contacts/{name}.yaml"
        look(
            file, "successor", [contact.successor] if contact.successor else [], knowledge.contacts
        )
        for number, line in enumerate(contact.lines):
            look(file, f"lines.{number}.sources", line.sources, knowledge.sources)
        if "minimum-wage" in knowledge.tables:
            look(file, "serves", contact.serves, knowledge.tables["minimum-wage"].rows)
    for kind, entry in knowledge.urgent.items():
        look("knowledge/urgent.yaml", f"{kind}.contacts", entry.contacts, knowledge.contacts)
        look("knowledge/urgent.yaml", f"{kind}.topics", entry.topics, knowledge.topics)
        look("knowledge/urgent.yaml", f"{kind}.sources", entry.sources, knowledge.sources)
    return faults
