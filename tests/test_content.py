"""What `check` refuses, so that no person reads a wrong or broken text."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import pytest
import yaml

from conversation.check import check_answers
from errors import Fault
from knowledge.due import due_lines
from knowledge.load import load_knowledge
from tests.scene import NOW
from translations import skeleton
from translations.check import check_translations
from translations.load import load_translations

ROOT = Path(__file__).parent.parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the content that a test may spoil."""
    for folder in ("knowledge", "translations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def faults(folder: Path) -> list[Fault]:
    knowledge, found = load_knowledge(folder / "knowledge")
    translations, more = load_translations(folder / "translations")
    found += [*more, *check_translations(translations, knowledge)]
    return found or check_answers(translations, knowledge)


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("knowledge/topics/overtime-pay.yaml", "regime: both", "regime: both\ncolour: red", "colour: Extra inputs"),
        ("knowledge/topics/overtime-pay.yaml", "pillar: labour\n", "", "pillar: Field required"),
        ("knowledge/topics/overtime-pay.yaml", "- akia-tax", "- nobody", "there is no 'nobody'"),
        ("knowledge/facts/wage-claim-years.yaml", "    sources:\n    - laws-e-gov\n", "", "no source: name a page"),
        ("knowledge/facts/wage-claim-years.yaml", "2020-04-01: 3", "1020-04-01: 3", "not plausible"),
        ("knowledge/facts/wage-claim-years.yaml", "2020-04-01: 3", "2020-04-01: three", "no value of the unit"),
        ("knowledge/facts/wage-claim-years.yaml", "unit: years", "unit: years\nunit: years", "stands here twice"),
        ("knowledge/contacts/otit.yaml", "certainty: verified", "certainty: memory", "nobody has seen on a page"),
        ("translations/en/topics/overtime-pay.yaml", "Yes, overtime", "Yes, 25% overtime", "a digit is typed"),
        ("translations/en/topics/overtime-pay.yaml", "{overtime-premium-percent}", "{overtime-percent}", "no fact 'overtime-percent'"),
        ("translations/en/topics/overtime-pay.yaml", "state: draft", "state: reviewed", "`reviewed` needs a reviewer"),
        ("translations/en/topics/overtime-pay.yaml", "Yes, overtime", "Indeed, overtime", "it renders revision"),
        ("translations/vi/ui.yaml", "menu-button:", "menus-button:", "the key is missing"),
        ("translations/vi/ui.yaml", "{pillar}: bạn", "{pilar}: bạn", "its placeholders are not"),
        ("translations/en/staff.yaml", '  staff-close: "Close"', '  staff-close: "Close 1"', "a digit is typed"),
        ("translations/vi/cards.yaml", "  one-letter:", "  two-letters:", "cards.one-letter: it is missing"),
        ("translations/vi/cards.yaml", "  one-letter:", "  two-letters:", "cards.two-letters: there is no such id"),
        ("translations/vi/cards.yaml", "  goodbye: Tạm", "  farewell: Tạm", "groups.goodbye: it is missing"),
        ("translations/vi/cards.yaml", "miễn phí: {phone:sexual-violence-8891}", "miễn phí", "its placeholders are not ['phone:sexual-violence-8891']"),
        ("translations/en/cards.yaml", "see a doctor? I", "see a doctor? " + "I can. " * 50 + "I", "at most 300 characters"),
        ("translations/en/cards.yaml", "{phone:yorisoi}", "{phone:nobody}", "there is no phone 'nobody'"),
        ("translations/en/checklists.yaml", "{phone:police}", "{phone:esd-organisation}", "contact esd-organisation has no value on 2026-10-01"),
        ("translations/ja/staff.yaml", "  threats:", "  threat:", "kinds.threat"),
        ("translations/ja/staff.yaml", "  esd-organisation:", "  airoren:", "contacts.esd-organisation: it is missing"),
        ("translations/ja/staff.yaml", "  yorisoi:", "  nobody:", "contacts.nobody: there is no such id"),
        ("translations/en/cards.yaml", "thinking of killing", "3 times thinking of killing", "a digit is typed"),
        ("translations/en/cards.yaml", "state: draft", "state: reviewed", "`reviewed` needs a reviewer"),
        ("translations/en/checklists.yaml", "within two minutes", "within 2 minutes", "a digit is typed"),
        ("translations/en/checklists.yaml", "  threats:", "  threat:", "kinds.threat"),
        ("knowledge/cards.yaml", "  - somebody-near", "  - safe-to-write", "these cards stand here twice: safe-to-write"),
        ("translations/en/contacts.yaml", "police:", "polise:", "the name is missing"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_key_and_mend(
    copy: Path, file: str, old: str, new: str, said: str
) -> None:
    spoil(copy / file, old, new)
    found = faults(copy)
    assert any(said in str(fault) for fault in found), found
    assert all(fault.mend for fault in found)


def test_all_faults_are_told_at_once(copy: Path) -> None:
    spoil(copy / "knowledge/topics/overtime-pay.yaml", "pillar: labour\n", "")
    spoil(copy / "translations/vi/ui.yaml", "menu-button:", "menus-button:")
    files = {fault.file for fault in faults(copy)}
    assert {"knowledge/topics/overtime-pay.yaml", "translations/vi/ui.yaml"} <= files


def test_a_day_without_a_value_is_a_fault(copy: Path) -> None:
    fact = copy / "knowledge/facts/wage-claim-years.yaml"
    content = yaml.safe_load(fact.read_text(encoding="utf-8"))
    reference = content["references"].popitem()[1]
    later = NOW.date().replace(year=2027)
    fact.write_text(
        yaml.safe_dump({**content, "values": {later: 3}, "references": {later: reference}})
    )
    assert any("fact wage-claim-years has no value on 2026-10-01" in str(f) for f in faults(copy))


def test_a_text_that_is_too_long_for_telegram_is_a_fault(copy: Path) -> None:
    path = copy / "translations/en/topics/evidence.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["answer"]["points"] = ["A long point. " * 20] * 16
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    knowledge, _ = load_knowledge(copy / "knowledge")
    translations, _ = load_translations(copy / "translations")
    found = check_answers(translations, knowledge)
    assert any("Telegram takes 4096" in fault.wrong for fault in found)


def test_the_note_on_who_else_sees_the_phone_is_short() -> None:
    translations, _ = load_translations(ROOT / "translations")
    for code in translations.languages:
        assert len(translations.language(code).ui["phone-note"]) <= 400


def test_every_topic_that_was_promised_has_its_text() -> None:
    knowledge, _ = load_knowledge()
    assert len(knowledge.topics) == 77
    assert len(knowledge.tables["minimum-wage"].rows) == 47
    assert len(knowledge.tables["employment-fields"].rows) == 17


def test_a_new_language_begins_with_the_cards_but_not_with_what_volunteers_read(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skeleton, "FOLDER", copy / "translations")
    add = argparse.Namespace(code="id", own_name="Bahasa Indonesia", script="Latn")
    assert skeleton.add_language(add) == 0
    assert (copy / "translations/id/cards.yaml").read_text("utf-8").startswith("# TODO")
    for name in ("checklists.yaml", "staff.yaml"):
        assert not (copy / "translations/id" / name).exists()
    assert faults(copy) == []


def test_due_lists_what_ends_soon_and_what_is_unsure() -> None:
    knowledge, _ = load_knowledge()
    lines = due_lines(knowledge, NOW.date())
    assert "ends in 120 days (2027-03-31): knowledge/contacts/otit.yaml" in lines
    assert any(line.startswith("memory: ") for line in lines)
    assert any(line.startswith("likely: ") for line in lines)


def test_due_lists_what_nobody_has_checked_for_a_long_time() -> None:
    knowledge, _ = load_knowledge()
    later = NOW.date().replace(year=2028)
    assert any(line.startswith("not checked for") for line in due_lines(knowledge, later))


def test_a_language_that_only_volunteers_read_needs_no_answers(copy: Path) -> None:
    folder = copy / "translations/ko"
    folder.mkdir()
    for name in ("staff.yaml", "cards.yaml", "checklists.yaml"):
        (folder / name).write_text((copy / "translations/en" / name).read_text("utf-8"), "utf-8")
    with (copy / "translations/languages.yaml").open("a", encoding="utf-8") as file:
        file.write("ko: {own_name: 한국어, script: Kore, offered: false, staff: true}\n")
    assert faults(copy) == []
    spoil(folder / "staff.yaml", "{code}: {name} has it.", "{code} has it.")
    assert any("translations/ko/staff.yaml" in str(fault) for fault in faults(copy))
    (folder / "cards.yaml").unlink()
    assert any("translations/ko/cards.yaml" in str(fault) for fault in faults(copy))


def test_everything_that_the_program_says_to_volunteers_has_its_text() -> None:
    translations, _ = load_translations(ROOT / "translations")
    said = {
        key
        for part in ("assistant.py", "conversation/*.py", "delivery/*.py", "desk/*.py", "handlers/*.py", "service.py")
        for path in ROOT.glob(part)
        for key in re.findall(r'"((?:staff|reason)-[a-z-]+[a-z])"', path.read_text("utf-8"))
    }  # fmt: skip
    assert len(said) > 40
    assert said <= set(translations.staff["en"].ui)
