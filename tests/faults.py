"""Faults of the Bot API, for a scene's server."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.methods import call
from sandbox.server import Fault
from tests.scene import Scene


def refusing(times: int, to: int, method: str, status: int, **parameters: int) -> Fault:
    """Answer the next calls of a method for a chat with an error, `times` times."""
    left = [times]

    async def fault(called: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if called.lower() != method.lower() or int(params["chat_id"]) != to or not left[0]:
            return None
        left[0] -= 1
        body = {"ok": False, "error_code": status, "description": "Too Many Requests"}
        return web.json_response({**body, "parameters": parameters}, status=status)

    return fault


def unconfirmed(here: Scene, method: str, chat: int) -> Fault:
    """Do the first call of a method for a chat, and answer half."""
    done: list[object] = []

    async def cut_off(called: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if called.lower() != method.lower() or done or int(params["chat_id"]) != chat:
            return None
        done.append(await call(here.telegram, called, params))
        return web.Response(body=b'{"ok": tr', status=200)

    return cut_off
