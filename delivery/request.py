"""Calls of the Bot API over HTTP; an answer that is none is an error of Telegram's."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECTIONS_MAX = 64
CONNECTS_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 5.0


class Request(BaseRequest):
    """The library's calls over aiohttp, which takes a third of the work that httpx takes."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._date: str | None = None

    @property
    def telegram_time(self) -> dt.datetime | None:
        """What time it was at Telegram when it last answered, to the second; None before that."""
        try:
            return parsedate_to_datetime(self._date) if self._date else None
        except ValueError:
            return None

    async def initialize(self) -> None:
        """Open the connections' pool."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
            self._session = aiohttp.ClientSession(
                connector=connector, headers={"User-Agent": self.USER_AGENT}
            )

    async def shutdown(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def read_timeout(self) -> float:
        """How long an answer is waited for, in seconds."""
        return ANSWERS_WITHIN_S

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the library's signature
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the same
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the same
    ) -> tuple[int, bytes]:
        """Return status and body; of the waits only that for the answer can be chosen.

        Raises TimedOut or NetworkError, with aiohttp's error as its cause.
        """
        if self._session is None:
            raise RuntimeError("the request is not initialized")
        wait_s = ANSWERS_WITHIN_S if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(connect=CONNECTS_WITHIN_S, sock_read=wait_s)
        data = _body(request_data) if request_data else None
        try:
            async with self._session.request(method, url, data=data, timeout=timeout) as answer:
                self._date = answer.headers.get("Date")
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            # Its own text names the address, and the address holds the token.
            raise NetworkError(type(error).__name__) from error

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return the answer. Raises TelegramError when it holds neither a result nor an error.

        The library takes any JSON for an answer and then breaks on it, with errors that nobody
        expects of a call.
        """
        answer: Any = BaseRequest.parse_json_payload(payload)
        if not isinstance(answer, dict) or not {"result", "description"} & answer.keys():
            raise TelegramError("Invalid server response")
        return answer


def _body(data: RequestData) -> dict[str, str] | aiohttp.FormData:
    """Return the parameters of a call, as a form of several parts where there is a file."""
    if not data.contains_files:
        return data.json_parameters
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form
