"""However many people and messages there are: no query reads a whole table."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_RECENT = sa.text("sealed_recent IS NOT NULL")
_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    for table, column in (
        ("people", "seen_at"),
        ("inbox", "lane"),
        ("inbox", "received_at"),
        ("outbox", "created_at"),
        ("cases", "closed_at"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.drop_index("ix_outbox_staff_sent", "outbox")
    op.create_index("ix_outbox_lane_sent_at", "outbox", ["lane", "sent_at"])
    op.create_index(
        "ix_people_recent",
        "people",
        ["seen_at"],
        sqlite_where=_RECENT,
        postgresql_where=_RECENT,
    )
    op.create_index(
        "ix_cases_waiting",
        "cases",
        ["urgent_kind"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
