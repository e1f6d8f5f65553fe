"""Encryption of what must not be readable in a stolen database, and hashes to find it again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from errors import StorageError


class Vault:
    """Seals with the newest key, opens with any of them.

    Look-up hashes are keyed with the oldest key, so that adding a key finds what is stored.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: newest first, each 32 bytes in URL-safe base64; at least one."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._hash_key = hashlib.sha256(b"kakekomi look-up hash" + keys[-1].encode()).digest()

    def seal(self, value: Any) -> str:
        """Return the value (anything that JSON holds) encrypted."""
        # A text may hold half a character (a lone surrogate): it is kept like any other.
        content = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return self._fernet.encrypt(content).decode()

    def open(self, sealed: str) -> Any:
        """Return what was sealed; raises StorageError when no key of ours fits."""
        try:
            return json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise StorageError(
                "no key in ENCRYPTION_KEYS opens what is stored: put the old key back at the end"
            ) from None

    def hash(self, value: int | str) -> str:
        """Return the keyed hash by which a chat id, or words, are found again."""
        return hmac.new(self._hash_key, str(value).encode(), hashlib.sha256).hexdigest()[:32]
