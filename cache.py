"""Arrays that take long to compute, kept in files between runs.

A file holds numbers only: it is read without pickle, so that whoever replaces one runs no code. A
file that is damaged, or a folder that cannot be written, costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

log = structlog.get_logger()

_DIGEST_LENGTH = 16
_UNREADABLE = (
    *(OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error),
)


def file_for(folder: Path, name: str, depends_on: Iterable[bytes]) -> Path:
    """Return the file of the arrays `name`: another one whenever what they depend on changes."""
    digest = hashlib.sha256()
    for each in depends_on:
        digest.update(hashlib.sha256(each).digest())
    return folder / f"{name}.{digest.hexdigest()[:_DIGEST_LENGTH]}.npz"


def read_arrays(file: Path) -> dict[str, NDArray[Any]] | None:
    """Return the arrays in the file, or None where there is none that can be read."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        return None
    except _UNREADABLE as error:
        log.warning("cache.unreadable", file=file.name, error=type(error).__name__)
        return None


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep the arrays in the file, whole or not at all, and remove those that it replaces."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=file.parent, prefix=f"{file.stem}.", delete=False
        ) as new:
            try:
                np.savez(new, allow_pickle=False, **arrays)
                new.flush()
                Path(new.name).rename(file)
            except BaseException:
                Path(new.name).unlink()
                raise
        name, _, _ = file.name.partition(".")
        for old in file.parent.glob(f"{name}.*"):
            if not old.name.startswith(file.stem):
                old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("cache.not_kept", file=file.name, error=type(error).__name__)
