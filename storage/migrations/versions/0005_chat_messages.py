"""The messages on a person's phone are known for two days, so that `/hide` can delete them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "chat_messages",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("lane", sa.String(32), nullable=False, index=True),
        sa.Column("sealed_message", sa.Text, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
