"""Reading the YAML of `knowledge/` and `translations/`: strict, and all faults at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from errors import Fault

# Without libyaml PyYAML is ten times slower, with the same result.
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Model = TypeVar("Model", bound=BaseModel)

_MENDS = {
    "missing": "Add this key.",
    "extra_forbidden": "Remove this key, or correct its spelling.",
    "literal_error": "Use one of the values named.",
}


class Strict(BaseModel):
    """A mapping that refuses unknown keys and cannot be changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """PyYAML takes the last of two equal keys in silence; a fact would vanish."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands here twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def read_yaml(path: Path, faults: list[Fault]) -> Any:
    """Return what the file holds, or None after noting a fault."""
    try:
        # _Loader is PyYAML's safe loader with one more check.
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    except FileNotFoundError:
        faults.append(Fault(short(path), "-", "the file is missing", "Add it."))
    except UnicodeDecodeError:
        faults.append(Fault(short(path), "-", "not UTF-8", "Save it as UTF-8."))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        faults.append(Fault(short(path), f"line {line}", str(error.problem), "Mend the YAML."))
    except yaml.YAMLError as error:
        faults.append(Fault(short(path), "-", str(error), "Mend the YAML."))
    return None


def read_model(path: Path, model: type[Model], faults: list[Fault]) -> Model | None:
    """Return the file as `model`, or None after noting every fault in it."""
    before = len(faults)
    content = read_yaml(path, faults)
    if len(faults) > before:
        return None
    return as_model(short(path), content, model, faults)


def as_model(
    file: str, content: Any, model: type[Model], faults: list[Fault], under: str = ""
) -> Model | None:
    """Return `content` as `model`, or None after noting every fault; `under` prefixes the keys."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            key = ".".join([*([under] if under else []), *(str(part) for part in found["loc"])])
            mend = _MENDS.get(found["type"], "Correct the value.")
            faults.append(Fault(file, key or "-", found["msg"], mend))
        return None


def read_mapping(path: Path, model: type[Model], faults: list[Fault]) -> dict[str, Model]:
    """Return the file's entries as `model` by key, without those that have faults."""
    content = read_yaml(path, faults)
    return as_mapping(path, content, model, faults)


def as_mapping(
    path: Path, content: Any, model: type[Model], faults: list[Fault], under: str = ""
) -> dict[str, Model]:
    """Return `content`'s entries as `model` by key, without those that have faults."""
    if not isinstance(content, dict):
        if content is not None:
            faults.append(Fault(short(path), under or "-", "not a mapping", "Write key: value."))
        return {}
    entries = {}
    for key, value in content.items():
        name = f"{under}.{key}" if under else str(key)
        entry = as_model(short(path), value, model, faults, name)
        if entry is not None:
            entries[str(key)] = entry
    return entries


def short(path: Path) -> str:
    """Return the path from the content folder on, as people name it."""
    parts = path.parts
    for folder in ("knowledge", "translations"):
        if folder in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(folder) :])
    return path.name


def on_day(values: dict[dt.date, Any], day: dt.date) -> Any:
    """Return the value of the last entry that begins on or before `day`; None if there is none."""
    begun = [start for start in values if start <= day]
    return values[max(begun)] if begun else None
