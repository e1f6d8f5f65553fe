"""What the bot did not know is listed, and what happened in a period is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("day", sa.Date, nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("topic", sa.String(64)),
        sa.Column("words_hash", sa.String(32), nullable=False),
        sa.Column("sealed_question", sa.Text, nullable=False),
        sa.CheckConstraint("kind IN ('unknown', 'not-helpful')", name="kind"),
    )
    op.create_index("ix_case_events_at", "case_events", ["at"])
