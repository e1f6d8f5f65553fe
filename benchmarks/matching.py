"""How quickly the matching starts and judges, and how much memory it takes.

    python -m benchmarks.matching

Times are of the processor, so that other programs on the machine count less.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from conversation.content import Content, load_content
from matching.evaluate import read_messages

ROOT = Path(__file__).parent.parent
SETS = ("tests/questions/*/*.yaml", "tests/urgency/*/*.yaml")
LENGTH_MAX = 4096
START = """
import resource, time
from pathlib import Path
from conversation.content import load_content
content = load_content(folder=Path({folder!r}))
used = resource.getrusage(resource.RUSAGE_SELF)
content.judge.judge("hello")
print(f"{{time.process_time():.1f}} s, {{used.ru_maxrss / 1024:.0f}} MB at most")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for state in ("nothing kept", "kept"):
            print(f"start, {state}: {_start(Path(folder))}")
        content = load_content(folder=Path(folder))
    print(f"{'':<26}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}   ms a message")
    paths = [path for pattern in SETS for path in sorted(ROOT.glob(pattern))]
    texts = [message.text for path in paths for message in read_messages(path)]
    _report(content, "the question sets", texts)
    _report(content, "of 90 to 110 characters", [t for t in texts if 90 <= len(t) <= 110])
    for name, text in _hostile().items():
        _report(content, name, [text] * 20)


def _start(folder: Path) -> str:
    command = [sys.executable, "-c", START.format(folder=str(folder))]
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def _hostile() -> dict[str, str]:
    chance = random.Random(1)  # noqa: S311
    letters = "abcdefghijklmnopqrstuvwxyzăâđêôơư" + " " * 6
    return {
        "random letters": "".join(chance.choices(letters, k=LENGTH_MAX)),
        "short sentences": "".join(chance.choices(letters + "...", k=LENGTH_MAX)),
        "one letter": "a" * LENGTH_MAX,
        "emoji": "😭🆘" * (LENGTH_MAX // 2),
        "10,000 marks on a letter": "a" + "\u0301\u0327" * 5000,
    }


def _report(content: Content, name: str, texts: Iterable[str]) -> None:
    times_ms = []
    for text in texts:
        before = time.process_time()
        content.judge.judge(text)
        times_ms.append(1000 * (time.process_time() - before))
    figures = np.percentile(times_ms, [50, 95, 99, 100])
    print(f"{name:<26}" + "".join(f"{figure:8.2f}" for figure in figures))


if __name__ == "__main__":
    main()
