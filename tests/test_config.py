"""Settings: each is documented, wrong ones are named, secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config import Config, read_config, with_encryption_key
from errors import ConfigError

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", Config.model_fields)
def test_every_setting_stands_in_the_readme_and_in_the_example(name: str) -> None:
    described = Config.model_fields[name].description or ""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert f"| `{name.upper()}` |" in readme
    assert described in readme
    assert f"# {described}\n{name.upper()}=" in example


def test_the_example_names_no_setting_that_does_not_exist() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.partition("=")[0].lower() for line in lines if "=" in line and line[0] != "#"}
    assert named == set(Config.model_fields)


def test_a_wrong_setting_is_named_with_what_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere")
    monkeypatch.setenv("STAFF_CHAT_ID", "our group")
    monkeypatch.setenv("ENCRYPTION_KEYS", "not-a-key-but-secret")
    with pytest.raises(ConfigError) as caught:
        read_config()
    said = str(caught.value)
    assert "DATABASE_URL: Value error, begin with sqlite+aiosqlite:///" in said
    assert "STAFF_CHAT_ID: " in said
    assert "ENCRYPTION_KEYS" in said
    assert "not-a-key-but-secret" not in said


@pytest.mark.parametrize(
    ("setting", "value", "what_to_do"),
    [
        ("WEBHOOK_URL", "https://example.org/telegram", "WEBHOOK_SECRET is missing"),
        ("WEBHOOK_URL", "http://example.org/telegram", "begin with https://"),
        ("WEBHOOK_SECRET", "too short", "use 16 to 256 letters"),
    ],
)
def test_a_webhook_without_a_good_secret_does_not_start(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, what_to_do: str
) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(ConfigError, match=what_to_do):
        read_config()


@pytest.mark.parametrize("minutes", ["4", "241", "half an hour"])
def test_a_lease_that_is_too_short_or_too_long_is_named(
    monkeypatch: pytest.MonkeyPatch, minutes: str
) -> None:
    monkeypatch.setenv("LEASE_MIN", minutes)
    with pytest.raises(ConfigError, match="LEASE_MIN"):
        read_config()


def test_secrets_print_as_stars() -> None:
    key = Fernet.generate_key().decode()
    config = Config(_env_file=None, telegram_bot_token="123:abc", encryption_keys=key)
    assert "123:abc" not in repr(config)
    assert key not in repr(config)


def test_the_first_start_makes_a_key_that_the_second_start_reads(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("LANGUAGES=vi", encoding="utf-8")
    config, made = with_encryption_key(Config(_env_file=env_file), env_file)
    assert made
    assert env_file.read_text(encoding="utf-8").startswith("LANGUAGES=vi\nENCRYPTION_KEYS=")
    again, made_again = with_encryption_key(Config(_env_file=env_file), env_file)
    assert not made_again
    assert again.encryption_keys == config.encryption_keys


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "localhost:9464", "[::1]:9464"])
def test_figures_are_shown_on_the_machine_itself(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("METRICS_LISTEN", address)
    assert read_config().metrics_listen == address


@pytest.mark.parametrize("address", ["0.0.0.0:9464", "10.0.0.11:9464", "127.0.0.1", "host:9464"])
def test_figures_are_shown_nowhere_else(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("METRICS_LISTEN", address)
    with pytest.raises(ConfigError, match=r"METRICS_LISTEN: .* such as 127\.0\.0\.1:9464"):
        read_config()


def test_groups_are_named_by_their_language() -> None:
    config = Config(_env_file=None, staff_chats=" vi:-1001, id:-1002,")
    assert config.staff_chats == {"vi": -1001, "id": -1002}


@pytest.mark.parametrize("wrong", ["vi", "vi:1001", "vi:-1001,vi:-1002", "vi=-1001", "-1001:vi"])
def test_groups_that_cannot_be_read_are_refused_with_how_to_write_them(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFF_CHATS", wrong)
    with pytest.raises(ConfigError, match=r"STAFF_CHATS: .*vi:-1001,id:-1002"):
        read_config()
