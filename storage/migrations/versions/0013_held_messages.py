"""Messages wait for a person's code word; what the bot says unasked has its time."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "held_messages",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("case_id", _ID, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("sealed_body", sa.Text, nullable=False),
        sa.Column("held_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_held_messages_case_id", "held_messages", ["case_id"])
    op.create_index("ix_held_messages_held_at", "held_messages", ["held_at"])
    op.create_table(
        "follow_ups",
        sa.Column("case_id", _ID, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("subject", sa.String(8), primary_key=True),
        sa.Column("due_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_follow_ups_due_at", "follow_ups", ["due_at"])
