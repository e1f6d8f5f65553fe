"""Several groups of volunteers: each case is in one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_IN_A_GROUP = sa.text("group_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("cases", sa.Column("group_id", sa.BigInteger))
    op.create_index(
        "ix_cases_group_id",
        "cases",
        ["group_id"],
        sqlite_where=_IN_A_GROUP,
        postgresql_where=_IN_A_GROUP,
    )
    away = sa.Column("is_away", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("staff_chats", away)
