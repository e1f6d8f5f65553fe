"""Calls of the Bot API over HTTP; an answer that is none is an error of Telegram's."""

from __future__ import annotations

from typing import Any

from telegram.error import TelegramError
from telegram.request import HTTPXRequest


class Request(HTTPXRequest):
    """Refuses what a broken server or a proxy says in the Bot API's place.

    The library takes any JSON for an answer and then breaks on it, with errors that nobody expects
    of a call.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return the answer. Raises TelegramError when it holds neither a result nor an error."""
        answer: Any = HTTPXRequest.parse_json_payload(payload)
        if not isinstance(answer, dict) or not {"result", "description"} & answer.keys():
            raise TelegramError("Invalid server response")
        return answer
