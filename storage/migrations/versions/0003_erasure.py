"""People can be erased, and what is kept is kept for a stated time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("sealed_recent", sa.Text))
    with op.batch_alter_table("cases") as batch:
        batch.alter_column("person_id", existing_type=_ID, nullable=True)
        batch.add_column(sa.Column("closed_at", sa.DateTime(timezone=True)))
