"""Every setting with default, unit and help; read once, in bot.py. Nothing else reads the
environment."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from errors import ConfigError

ENV_FILE = Path(".env")


class Config(BaseSettings):
    """The settings, frozen. Secrets print as stars."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    telegram_bot_token: SecretStr | None = Field(
        None, description="The bot's token from @BotFather. Without one the sandbox runs."
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org", description="The Bot API server, without a slash at the end."
    )
    staff_chat_id: int | None = Field(
        None, description="The id of the NPO's Telegram group (a negative number)."
    )
    staff_chats: Annotated[dict[str, int], NoDecode] = Field(
        {},
        description="Groups for the cases of a language, such as vi:-1001,id:-1002. All else goes "
        "to STAFF_CHAT_ID.",
    )
    database_url: str = Field(
        "sqlite+aiosqlite:///data/kakekomi.sqlite3",
        description="Where cases and messages are kept: SQLite or PostgreSQL (asyncpg).",
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Keys for messages and chat ids, newest first, separated by commas. "
        "The first start makes one and writes it to .env.",
    )
    webhook_url: str | None = Field(
        None,
        description="Where Telegram brings updates (https://…). Empty: the bot fetches them "
        "itself.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="The word by which Telegram is known at the webhook: 16 to 256 letters, "
        "digits, _ and -.",
    )
    listen: str = Field(
        "127.0.0.1:8765",
        description="Address and port of the webhook, or of the sandbox page; port 0 takes a free "
        "one.",
    )
    metrics_listen: str | None = Field(
        None,
        description="Address and port for who watches the bot: /metrics, /healthz, /readyz, such "
        "as 127.0.0.1:9464. Empty: off. Only on the machine itself.",
    )
    staff_language: str = Field(
        "en",
        description="The language in which the bot speaks to the volunteers' group: en, ja or vi.",
    )
    lease_min: int = Field(
        30,
        ge=5,
        le=240,
        description="After so many minutes without a reply a volunteer's case goes back to all: "
        "5 to 240.",
    )
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Codes of the languages offered, separated by commas. Empty: all there are.",
    )

    @field_validator("encryption_keys", "languages", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("staff_chats", mode="before")
    @classmethod
    def _split_into_groups(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = re.findall(r"([a-z]{2,3}):(-[0-9]+)", value)
        groups = dict(found)
        if re.sub(r"\s", "", value).strip(",") != ",".join(map(":".join, groups.items())):
            raise ValueError(
                "write each language once with the id of its group, a negative number: "
                "vi:-1001,id:-1002"
            )
        return groups

    @field_validator("encryption_keys")
    @classmethod
    def _are_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, key in enumerate(keys, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError(
                    f"key {number} is not 32 bytes in URL-safe base64; make one with "
                    '`python -c "from cryptography.fernet import Fernet; '
                    'print(Fernet.generate_key().decode())"`'
                ) from None
        return keys

    @field_validator("database_url")
    @classmethod
    def _is_a_supported_database(cls, url: str) -> str:
        if not url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError(
                "begin with sqlite+aiosqlite:/// and a path, or with postgresql+asyncpg://"
            )
        return url

    @field_validator("webhook_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        local = url is not None and url.startswith("http://127.0.0.1")
        if url is not None and not url.startswith("https://") and not local:
            raise ValueError("begin with https://: Telegram brings updates nowhere else")
        return url

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret.get_secret_value()):
            raise ValueError("use 16 to 256 letters, digits, _ and -")
        return secret

    @field_validator("metrics_listen")
    @classmethod
    def _is_on_this_machine(cls, address: str | None) -> str | None:
        if address is not None:
            host, _, port = address.rpartition(":")
            if not _is_loopback(host) or not re.fullmatch(r"[0-9]{1,5}", port):
                raise ValueError(
                    "use an address of the machine itself and a port, such as 127.0.0.1:9464: "
                    "whoever reaches it reads the figures without a password"
                )
        return address

    @model_validator(mode="after")
    def _a_webhook_has_a_secret(self) -> Config:
        if self.webhook_url and not self.webhook_secret:
            raise ValueError(
                "WEBHOOK_SECRET is missing: without it anybody could send messages in a person's "
                'name; make one with `python -c "import secrets; print(secrets.token_urlsafe(32))"`'
            )
        return self

    @property
    def data_folder(self) -> Path:
        """Where files can be kept: beside the SQLite database, else `data`."""
        _, _, file = self.database_url.partition("sqlite+aiosqlite:///")
        return Path(file).parent if file else Path("data")

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_config(**instead: Any) -> Config:
    """Return the settings from the environment and `.env`; those in `instead` replace theirs.

    Raises ConfigError that names each wrong setting and what it should be, never its value.
    """
    try:
        return Config(**instead)
    except ValidationError as error:
        wrong = "\n".join(
            f"  {'.'.join(str(part) for part in found['loc']).upper()}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        )
        raise ConfigError(f"settings to correct (environment or .env):\n{wrong}") from None


def with_encryption_key(config: Config, env_file: Path = ENV_FILE) -> tuple[Config, bool]:
    """Return a config that has a key, and whether one was made and appended to `env_file`."""
    if config.encryption_keys:
        return config, False
    key = Fernet.generate_key().decode()
    old = env_file.read_text(encoding="utf-8") if env_file.exists() else ""
    env_file.touch(mode=0o600)
    with env_file.open("a", encoding="utf-8") as file:
        file.write(f"{'' if not old or old.endswith(chr(10)) else chr(10)}ENCRYPTION_KEYS={key}\n")
    return config.model_copy(update={"encryption_keys": (SecretStr(key),)}), True
