"""Starts `bot.py run` again and again without loading the content each time.

Loading takes some ten seconds of computing, and a run kills many times. So one process loads it and
forks; each child is a process of its own that runs the bot's `main`, with nothing replaced but the
loading and, where a file is named on the command line, the clock. Lines in: JSON, the file for a
child's `output` and the `settings` of its own. Lines out: `started PID`, `ended PID CODE`. When its
input ends, all children are killed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
from functools import partial
from pathlib import Path

import bot
import service
from benchmarks.clock import Clock
from conversation.content import load_content


def main() -> None:
    content = load_content()
    vars(bot)["load_content"] = lambda *_: content
    for file in sys.argv[1:]:
        vars(bot)["serving"] = partial(service.serving, clock=Clock(Path(file)).now)
    gc.freeze()
    children: set[int] = set()
    while True:
        if select.select([0], [], [], 0.02)[0]:
            asked = os.read(0, 4096).decode()
            if not asked:
                break
            for wish in map(json.loads, asked.splitlines()):
                child = _child(Path(wish["output"]), wish["settings"])
                children.add(child)
                print("started", child, flush=True)
        _reap(children)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _child(output: Path, settings: dict[str, str]) -> int:
    child = os.fork()
    if child:
        return child
    os.environ.update(settings)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.exit(bot.main(["run"]))


def _reap(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        children.discard(pid)
        print("ended", pid, os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
