"""Every setting with default, unit and help; read once, in bot.py. Nothing else reads the
environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, field_validator
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
    database_url: str = Field(
        "sqlite+aiosqlite:///data/kakekomi.sqlite3",
        description="Where cases and messages are kept: SQLite or PostgreSQL (asyncpg).",
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Keys for messages and chat ids, newest first, separated by commas. "
        "The first start makes one and writes it to .env.",
    )
    listen: str = Field(
        "127.0.0.1:8765",
        description="Address and port of the sandbox page; port 0 takes a free one.",
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

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


def read_config() -> Config:
    """Return the settings from the environment and `.env`.

    Raises ConfigError that names each wrong setting and what it should be, never its value.
    """
    try:
        return Config()
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
