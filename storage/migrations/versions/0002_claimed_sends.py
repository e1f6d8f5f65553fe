"""What is being sent is claimed, so that two processes do not send it at once; updates are done in
Telegram's order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_OLD = "state IN ('waiting', 'sent', 'uncertain', 'failed')"
_NEW = "state IN ('waiting', 'sending', 'uncertain', 'sent', 'failed')"
_UNSENT = "state IN ('waiting', 'sending', 'uncertain')"
_STAFF_SENT = "lane = 'staff' AND state = 'sent'"


def upgrade() -> None:
    op.drop_index("ix_inbox_waiting", "inbox")
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["lane", "update_id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index("ix_outbox_waiting", "outbox")
    with op.batch_alter_table(
        "outbox", table_args=[sa.CheckConstraint(_NEW, name=op.f("ck_outbox_state"))]
    ) as batch:
        batch.drop_constraint(op.f("ck_outbox_state"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_state"), _NEW)
        batch.add_column(sa.Column("sent_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["lane", "priority", "id"],
        sqlite_where=sa.text(_UNSENT),
        postgresql_where=sa.text(_UNSENT),
    )
    op.create_index(
        "ix_outbox_staff_sent",
        "outbox",
        ["sent_at"],
        sqlite_where=sa.text(_STAFF_SENT),
        postgresql_where=sa.text(_STAFF_SENT),
    )
