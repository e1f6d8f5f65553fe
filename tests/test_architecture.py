"""Someone new finds the room for a change from the folder names, because arrows point one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each part may import of ours: always downwards, never back up.
MAY_IMPORT = {
    "errors": set(),
    "config": {"errors"},
    "logs": {"errors"},
    "cache": set(),
    "knowledge": {"errors"},
    "translations": {"errors", "knowledge"},
    "matching": {"errors", "knowledge", "translations"},
    "cases": {"errors", "knowledge"},
    "conversation": {"cache", "cases", "errors", "knowledge", "matching", "translations"},
    "storage": {"errors", "cases"},
    "metrics": {"cases", "knowledge", "matching", "storage"},
    "delivery": {"errors", "cases", "metrics", "storage"},
    "pass_on": {"cases", "conversation", "storage"},
    "expected_wait": {"errors", "cases", "conversation", "pass_on", "storage"},
    "assistant": {
        "errors", "cases", "conversation", "expected_wait", "metrics", "pass_on", "storage",
    },
    "desk": {"assistant", "errors", "cases", "conversation", "metrics", "pass_on", "storage"},
    "handlers": {
        "assistant", "cases", "conversation", "delivery", "desk", "errors", "matching",
        "storage", "translations",
    },
    "sandbox": set(),
    "health": {"delivery", "errors", "metrics", "storage"},
    "watchdog": {"metrics"},
    "commands": {"cases", "conversation", "errors", "knowledge", "matching"},
    "reports": {"cases", "commands", "config", "conversation", "errors", "storage"},
    "service": {
        "assistant", "cases", "config", "conversation", "delivery", "desk", "errors", "handlers",
        "health", "metrics", "storage",
    },
    "sandboxed": {"commands", "config", "conversation", "sandbox", "service"},
    "bot": {
        "commands", "config", "conversation", "errors", "logs", "reports", "sandboxed", "service",
        "storage", "translations", "watchdog",
    },
}  # fmt: skip

PURE = ("cases", "conversation", "matching")
OUTSIDE_WORLD = {"telegram", "sqlalchemy", "aiohttp", "httpx", "asyncio", "os", "time", "socket"}
LINES_MAX = 320


def modules() -> list[Path]:
    found = (
        *ROOT.glob("*.py"),
        *(path for part in MAY_IMPORT for path in ROOT.glob(f"{part}/**/*.py")),
    )
    return sorted(path for path in found if "migrations" not in path.parts)


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    part = part_of(path)
    wrong = (imported(path) & set(MAY_IMPORT)) - MAY_IMPORT[part] - {part}
    assert not wrong, f"{part} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


def test_the_core_touches_neither_network_nor_clock_nor_database() -> None:
    for path in modules():
        if part_of(path) in PURE:
            assert not imported(path) & OUTSIDE_WORLD, path
            assert not re.search(r"\.now\(|\.today\(|time\.time", path.read_text()), path


def test_only_storage_knows_sqlalchemy_and_only_the_edges_know_telegram() -> None:
    for path in modules():
        part = part_of(path)
        if "sqlalchemy" in imported(path):
            assert part == "storage", path
        if "telegram" in imported(path):
            assert part in ("handlers", "delivery", "service"), path


def test_only_send_calls_telegram_s_send_methods() -> None:
    call = re.compile(r"\.(send_\w+|copy_message|forward_\w+|edit_message\w*)\(")
    callers = {path.name for path in modules() if call.search(path.read_text())}
    assert callers == {"send.py"}


def test_only_config_reads_the_environment() -> None:
    readers = {
        path.name
        for path in modules()
        if re.search(r"environ\b(?!\.setdefault)|getenv", path.read_text())
    }
    assert readers == set()


def test_every_folder_says_what_lives_in_it() -> None:
    for part in MAY_IMPORT:
        first = ROOT / part / "__init__.py"
        if first.exists():
            said = ast.get_docstring(ast.parse(first.read_text(encoding="utf-8"))) or ""
            assert 1 <= len(said.splitlines()) <= 6, part
