"""Bringing a database to the schema that this program needs, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from errors import SchemaError
from storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(database: Database) -> str:
    """Bring the schema up to date and return its revision; does nothing when it is.

    Raises SchemaError, changing nothing, when the database belongs to a newer program.
    """
    async with database.begin() as tx:
        return await tx.connection.run_sync(_migrate)


def _migrate(connection: Connection) -> str:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise SchemaError(
            f"the database has schema {current}, which this program does not know: "
            "it was written by a newer version, so run that one"
        )
    command.upgrade(config, "head")
    head = script.get_current_head()
    assert head is not None
    return head
