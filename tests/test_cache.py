"""What the matching has learnt is kept between runs, and a kept file is never trusted."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conversation.content as loading
from cache import file_for, read_arrays, write_arrays
from conversation.content import Content, load_content
from matching.lessons import Example, Lessons, lessons_of
from matching.matcher import LanguageMatcher, Matcher
from matching.training import train

TEXTS = ("he hit me", "toi bi danh", "where is my passport", "chuyen cong ty duoc khong", "🆘", "")


@pytest.fixture(scope="module")
def learnt(content: Content) -> Path:
    """The folder in which the tests' content was kept when it was loaded."""
    assert content
    return loading.DATA


def english(learnt: Path, into: Path) -> Path:
    """Copy what was learnt of English."""
    (file,) = learnt.glob("index-en.*")
    copy = into / file.name
    copy.write_bytes(file.read_bytes())
    return copy


def few(lessons: Lessons) -> Lessons:
    """Return so few examples that they are learnt at once."""
    return replace(
        lessons,
        **{name: getattr(lessons, name)[::9] for name in ("topics", "dangers", "harmless")},
    )


def test_what_was_kept_judges_as_what_was_just_learnt(content: Content, tmp_path: Path) -> None:
    language = content.translations.language("en")
    lessons = few(lessons_of(language, content.knowledge))
    learnt = train(lessons)
    write_arrays(tmp_path / "index-en.0.npz", learnt)
    kept = read_arrays(tmp_path / "index-en.0.npz")
    assert kept is not None
    one, other = (
        Matcher({"en": LanguageMatcher(language, lessons, arrays)}) for arrays in (learnt, kept)
    )
    for text in TEXTS:
        assert one.judge(text) == other.judge(text)


def test_what_is_learnt_hangs_on_nothing_but_the_lessons(content: Content) -> None:
    lessons = few(lessons_of(content.translations.language("en"), content.knowledge))
    one, other = train(lessons), train(lessons)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_second_start_learns_nothing(
    learnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learns(_: Lessons) -> Mapping[str, Any]:
        raise AssertionError("it was learnt anew")

    english(learnt, tmp_path)
    monkeypatch.setattr("matching.training.train", learns)
    assert load_content(("en",), tmp_path).judge.judge("he hit me").urgency == "escalate"


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied", "another's"])
def test_a_damaged_file_is_made_anew(
    damage: str, learnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = english(learnt, tmp_path)
    whole = file.read_bytes()
    arrays = read_arrays(file)
    assert arrays is not None
    monkeypatch.setattr("matching.training.train", lambda _: arrays)
    if damage == "another's":
        write_arrays(file, {**arrays, "topics.keys": arrays["topics.keys"][1:]})
    else:
        middle = len(whole) // 2
        changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        file.write_bytes({"cut": whole[:middle], "changed": changed, "emptied": b""}[damage])
    assert load_content(("en",), tmp_path).judge.judge("he hit me").urgency == "escalate"
    again = read_arrays(file)
    assert again is not None
    assert {name: array.tobytes() for name, array in again.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }


def test_no_byte_of_a_file_can_stop_the_program(tmp_path: Path) -> None:
    file = tmp_path / "index-xx.0.npz"
    write_arrays(file, {"numbers": np.arange(5.0), "labels": np.array(["a", "b"])})
    whole = file.read_bytes()
    for place in range(len(whole)):
        for value in (0, 255, whole[place] ^ 1):
            file.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            read_arrays(file)


def test_a_file_that_somebody_replaced_runs_no_code(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
            return Path.touch, (ran,)

    file = tmp_path / "index-xx.0.npz"
    file.write_bytes(pickle.dumps(Trap()))
    assert read_arrays(file) is None
    np.savez(file, allow_pickle=True, trap=np.array([Trap()], dtype=object))
    assert read_arrays(file) is None
    with file.open("wb") as opened:
        np.save(opened, np.arange(5))
    assert read_arrays(file) is None
    assert not ran.exists()


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file where the folder should be")
    write_arrays(in_the_way / "index-xx.0.npz", {"numbers": np.arange(5)})
    assert read_arrays(in_the_way / "index-xx.0.npz") is None


def test_what_is_outdated_is_removed_and_other_languages_stay(tmp_path: Path) -> None:
    for name in ("index-vi.0.npz", "index-vi.1.npz", "index-vi-x.0.npz", "index-en.0.npz"):
        write_arrays(tmp_path / name, {"numbers": np.arange(5)})
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["index-en.0.npz", "index-vi-x.0.npz", "index-vi.1.npz"]


def test_another_phrasing_word_or_cue_makes_another_file(content: Content, tmp_path: Path) -> None:
    lessons = lessons_of(content.translations.language("en"), content.knowledge)
    others = [
        replace(lessons, topics=(*lessons.topics, Example("new", "unpaid-wages"))),
        replace(lessons, dangers=lessons.dangers[1:]),
        replace(lessons, harmless=lessons.harmless[::-1]),
        replace(lessons, cries=()),
        replace(lessons, shorthand={**lessons.shorthand, "xyzzy": "please"}),
        replace(lessons, same={}),
        replace(lessons, cues={**lessons.cues, "harmless": ()}),
    ]
    files = {file_for(tmp_path, "index-en", [each.as_bytes()]) for each in (lessons, *others)}
    assert len(files) == 1 + len(others)
