"""Every kind of content that a message can hold and a bot can copy, as the Bot API shows it."""

from __future__ import annotations

from typing import Any

_FILE = {"file_id": "file", "file_unique_id": "f"}
_SIZED = {**_FILE, "width": 90, "height": 90}

CONTENTS: dict[str, dict[str, Any]] = {
    "photo": {"photo": [_SIZED], "caption": "caption of a photo"},
    "voice": {"voice": {**_FILE, "duration": 7}},
    "video": {"video": {**_SIZED, "duration": 7}, "caption": "caption of a video"},
    "video note": {"video_note": {**_FILE, "length": 90, "duration": 7}},
    "document": {"document": {**_FILE, "file_name": "payslip.pdf"}, "caption": "caption of a file"},
    "audio": {"audio": {**_FILE, "duration": 7}},
    "animation": {
        "animation": {**_SIZED, "duration": 7},
        "document": {**_FILE, "file_name": "moves.mp4"},
    },
    "location": {"location": {"latitude": 35.68, "longitude": 139.76}},
    "live location": {"location": {"latitude": 35.6, "longitude": 139.7, "live_period": 900}},
    "venue": {
        "location": {"latitude": 34.69, "longitude": 135.5},
        "venue": {
            "location": {"latitude": 34.69, "longitude": 135.5},
            "title": "koban",
            "address": "Namba",
        },
    },
    "sticker": {
        "sticker": {**_SIZED, "width": 512, "height": 512, "type": "regular",
                    "is_animated": False, "is_video": False},
    },
    "somebody else's card": {
        "contact": {"phone_number": "+81 90 0000 0000", "first_name": "broker"}
    },
}  # fmt: skip


def photo(caption: str | None = None, album: str | None = None) -> dict[str, Any]:
    """Return a photo, perhaps one of an album."""
    content: dict[str, Any] = {"photo": [_SIZED]}
    if caption is not None:
        content["caption"] = caption
    if album is not None:
        content["media_group_id"] = album
    return content
