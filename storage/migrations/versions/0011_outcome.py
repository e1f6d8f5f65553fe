"""The step that closes a case says what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("case_events", sa.Column("outcome", sa.String(32)))
