"""Replies keep their thread, edits find what they change, and somebody can be blocked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "message_pairs",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "case_id",
            _ID,
            sa.ForeignKey("cases.id", name="fk_message_pairs_case_id"),
            nullable=False,
        ),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("person_hash", sa.String(32), nullable=False),
        sa.Column("sealed_message", sa.Text, nullable=False),
    )
    op.create_index("ix_message_pairs_post", "message_pairs", ["chat_id", "message_id"])
    op.create_index("ix_message_pairs_person", "message_pairs", ["case_id", "person_hash"])
    op.add_column("people", sa.Column("sealed_block", sa.Text))
