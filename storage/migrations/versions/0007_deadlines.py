"""A claim has a lease, and a case that waits climbs a ladder of alarms."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MOMENT = sa.DateTime(timezone=True)
# What is open already is given so long before the first thing happens by itself.
_FIRST = dt.timedelta(minutes=30)


def upgrade() -> None:
    op.add_column("cases", sa.Column("rung", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("due_at", _MOMENT))
    op.create_index("ix_cases_due_at", "cases", ["due_at"])
    cases = sa.table("cases", sa.column("state"), sa.column("due_at", _MOMENT))
    due_at = dt.datetime.now(dt.UTC) + _FIRST
    op.execute(sa.update(cases).where(cases.c.state != "closed").values(due_at=due_at))
