"""The first schema: people, inbox, cases with history, outbox, staff posts and chats."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("chat_hash", sa.String(32), nullable=False, unique=True),
        sa.Column("sealed_chat_id", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("sealed_state", sa.Text, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("update_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("sealed_body", sa.Text),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["lane", "id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "cases",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("code", sa.String(8), nullable=False, unique=True),
        sa.Column("person_id", _ID, sa.ForeignKey("people.id"), nullable=False, unique=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("urgent_kind", sa.String(32)),
        sa.Column("sealed_claim", sa.Text),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("topic_id", sa.BigInteger),
        sa.CheckConstraint("state IN ('waiting', 'claimed', 'closed')", name="state"),
        sa.CheckConstraint("(state = 'claimed') = (sealed_claim IS NOT NULL)", name="claim"),
    )
    op.create_table(
        "case_events",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("case_id", _ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("from_state", sa.String(8)),
        sa.Column("to_state", sa.String(8), nullable=False),
        sa.Column("urgent_kind", sa.String(32)),
        sa.Column("sealed_by", sa.Text),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("case_id", _ID, sa.ForeignKey("cases.id"), index=True),
        sa.Column("sealed_body", sa.Text),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failure", sa.String(64)),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'uncertain', 'failed')", name="state"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["lane", "priority", "id"],
        sqlite_where=sa.text("state IN ('waiting', 'uncertain')"),
        postgresql_where=sa.text("state IN ('waiting', 'uncertain')"),
    )
    op.create_table(
        "staff_posts",
        sa.Column("chat_id", sa.BigInteger, primary_key=True),
        sa.Column("message_id", sa.BigInteger, primary_key=True),
        sa.Column("case_id", _ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("purpose", sa.String(8), nullable=False),
    )
    op.create_table(
        "staff_chats",
        sa.Column("configured_id", sa.BigInteger, primary_key=True),
        sa.Column("current_id", sa.BigInteger, nullable=False),
    )
