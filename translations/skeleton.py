"""The skeleton of a new language: every path that English has, ready to be written."""

from __future__ import annotations

import argparse
import re

from errors import KakekomiError
from translations.load import FOLDER, REFERENCE

NOT_YET = "TODO"
# Read by volunteers only, so a language needs it once the bot speaks it to them.
STAFF_ONLY = ("checklists.yaml", "staff.yaml")


def add_language(options: argparse.Namespace) -> int:
    """Write `translations/<code>/` and its line in languages.yaml (not offered until it is whole).

    Raises KakekomiError when the language is there already or its code is none.
    """
    code = str(options.code)
    folder = FOLDER / code
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise KakekomiError(f"{code!r} is no language code: two or three small letters, such as id")
    if folder.exists():
        raise KakekomiError(f"translations/{code} is there already")
    for path in sorted((FOLDER / REFERENCE).rglob("*.yaml")):
        if path.name in STAFF_ONLY:
            continue
        target = folder / path.relative_to(FOLDER / REFERENCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        commented = "".join(f"# {line}" for line in text.splitlines(keepends=True))
        target.write_text(f"# {NOT_YET}: write this in {options.own_name}.\n{commented}", "utf-8")
    line = f"{code}: {{own_name: {options.own_name}, script: {options.script}, offered: false}}\n"
    with (FOLDER / "languages.yaml").open("a", encoding="utf-8") as file:
        file.write(line)
    print(f"translations/{code} is ready to be written; set `offered: true` when check passes.")
    return 0
