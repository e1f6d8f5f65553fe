"""A command that a volunteer writes in a topic finds the topic's case."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("ix_cases_topic_id", "cases", ["topic_id"])
