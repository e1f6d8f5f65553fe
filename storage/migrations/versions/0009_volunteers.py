"""Volunteers with their duty and languages, the pinned board, hand-over; whoever is at the top of
the ladder is called out again."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_ANSWERS = sa.text("from_state = 'waiting' AND to_state = 'claimed'")
# What has fallen silent at the top is called out again after so long.
_FIRST = dt.timedelta(minutes=30)


def upgrade() -> None:
    op.create_table(
        "volunteers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("staff_hash", sa.String(32), nullable=False),
        sa.Column("sealed_profile", sa.Text, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_volunteers"),
        sa.UniqueConstraint("staff_hash", name="uq_volunteers_staff_hash"),
    )
    op.create_index("ix_volunteers_seen_at", "volunteers", ["seen_at"])
    op.create_table(
        "boards",
        sa.Column("chat_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("shown", sa.String(64)),
        sa.PrimaryKeyConstraint("chat_id", name="pk_boards"),
    )
    op.add_column("cases", sa.Column("sealed_offer", sa.Text))
    op.create_index(
        "ix_cases_open",
        "cases",
        ["state"],
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(
        "ix_case_events_answers",
        "case_events",
        ["at"],
        sqlite_where=_ANSWERS,
        postgresql_where=_ANSWERS,
    )
    cases = sa.table("cases", sa.column("state"), sa.column("due_at", _MOMENT))
    silent = (cases.c.state == "waiting") & cases.c.due_at.is_(None)
    due_at = dt.datetime.now(dt.UTC) + _FIRST
    op.execute(sa.update(cases).where(silent).values(due_at=due_at))
