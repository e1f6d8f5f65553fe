"""What waits for a group goes in a new order: danger, what volunteers wait for, all the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # What was written in the old order goes on in the new one; alerts of danger are below 0 in both.
    op.execute(
        sa.text(
            "UPDATE outbox SET priority = CASE purpose WHEN 'alert' THEN 2 WHEN 'ping' THEN 3"
            " WHEN 'copy' THEN 4 WHEN 'board' THEN 6 ELSE 1 END"
            " WHERE lane LIKE 'staff%' AND priority >= 0"
            " AND state IN ('waiting', 'sending', 'uncertain')"
        )
    )
