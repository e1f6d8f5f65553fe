"""Several processes on one PostgreSQL: when one dies, people and volunteers notice nothing."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from conversation.content import Content
from delivery.webhook import SECRET_HEADER
from tests.conftest import POSTGRESQL
from tests.databases import bot_process, emptied
from tests.front import NAME, NGINX, SECRET, Front
from tests.scene import GROUP, Scene, scene, until

pytestmark = pytest.mark.postgresql

ALARM = "ông chủ đánh em chảy máu, cứu em với"

needs_nginx = pytest.mark.skipif(NGINX is None, reason="left out: nginx is not installed")


@contextlib.asynccontextmanager
async def on_postgresql(content: Content) -> AsyncIterator[Scene]:
    url = os.environ[POSTGRESQL]
    await (await emptied(url)).close()
    async with scene(content, url) as here:
        yield here


class Crowd:
    """Many people who each ask about six topics, one after the other; some cry for help."""

    def __init__(self, here: Scene) -> None:
        self.here = here
        self.people = [here.person("Somebody", 600_000 + number) for number in range(30)]
        self.alarming = self.people[::6]
        topics = here.content.translations.language("vi").topics
        self.titles = {topics[name].title: name for name in sorted(topics)}
        names = itertools.cycle(self.titles.values())
        self.asked = {person: [next(names) for _ in range(6)] for person in self.people}

    async def write(self) -> None:
        for turn in range(6):
            for person in self.people:
                if turn == 3 and person in self.alarming:
                    await self.here.telegram.write(person, person, ALARM)
                link = f"/start vi-{self.asked[person][turn]}"
                await self.here.telegram.write(person, person, link)

    def answers(self, person: int) -> list[str]:
        """Return the topics that a person was answered about; a marked repeat counts once."""
        found: list[str] = []
        for text in self.here.texts(person):
            topic = self.titles.get(text.partition("\n")[0])
            repeated = text.endswith("(có thể bị lặp lại)") and found[-1:] == [topic]
            if topic is not None and not repeated:
                found.append(topic)
        return found

    def answered(self) -> int:
        return sum(len(self.answers(person)) for person in self.people)

    def cases(self) -> set[str]:
        """Return the codes of the cases whose alarm stands in the group."""
        texts = self.here.texts(GROUP)
        return {text.split("ALARM ")[1][:5] for text in texts if "ALARM" in text}

    def is_served(self) -> bool:
        lengths = all(len(self.answers(each)) >= len(self.asked[each]) for each in self.people)
        return lengths and len(self.cases()) >= len(self.alarming)


async def one_of_two_dies(
    here: Scene, folder: Path, first: dict[str, str], second: dict[str, str]
) -> None:
    """Of two replicas the first is killed while a crowd is served; all is as if it had not been."""
    crowd = Crowd(here)
    async with (
        bot_process(here.config, folder, **first) as one,
        bot_process(here.config, folder, **second),
    ):
        await crowd.write()
        await until(lambda: crowd.answered() >= 60)
        one.kill()
        await one.wait()
        assert crowd.answered() < 180, "killed too late for the test to say anything"
        await until(crowd.is_served)
    assert {each: crowd.answers(each) for each in crowd.people} == crowd.asked
    assert len(crowd.cases()) == len(crowd.alarming)


@needs_nginx
async def test_behind_nginx_every_message_is_answered_in_order_when_a_replica_is_killed(
    content: Content, tmp_path: Path
) -> None:
    front = Front(tmp_path)
    async with on_postgresql(content) as here, front.running():
        await one_of_two_dies(here, tmp_path, front.settings(0), front.settings(1))


async def test_of_two_that_fetch_updates_one_goes_on_when_the_other_is_killed(
    content: Content, tmp_path: Path
) -> None:
    async with on_postgresql(content) as here:
        await one_of_two_dies(here, tmp_path, {}, {})


@needs_nginx
async def test_nginx_lets_nothing_through_but_updates(content: Content, tmp_path: Path) -> None:
    front = Front(tmp_path)
    trusted = ssl.create_default_context(cafile=str(front.certificate))
    known = {SECRET_HEADER: SECRET}
    update = b'{"update_id": 1, "poll": {}}'

    async def status(
        method: str, path: str, body: bytes = b"", headers: dict[str, str] = known
    ) -> int:
        async with aiohttp.request(
            method, f"https://127.0.0.1:{front.tls_port}{path}", data=io.BytesIO(body),
            headers=headers, ssl=trusted, server_hostname=NAME,
        ) as answer:  # fmt: skip
            return answer.status

    async with on_postgresql(content) as here, front.running():
        url, secret = front.settings(0)["WEBHOOK_URL"], SecretStr(SECRET)
        wish = {"webhook_url": url, "webhook_secret": secret, "listen": front.settings(0)["LISTEN"]}
        here.config = here.config.model_copy(update=wish)
        async with here.bot_runs():
            assert await status("POST", "/telegram", update) == 200
            assert await status("POST", "/telegram", update, headers={}) == 403
            assert await status("GET", "/telegram") == 403
            assert await status("POST", "/", update) == 404
            assert await status("POST", "/telegram", b" " * (2 << 20)) == 413
            await here.settled()
        # With no replica left Telegram is told so, and brings the update again.
        assert await status("POST", "/telegram", update) == 502
