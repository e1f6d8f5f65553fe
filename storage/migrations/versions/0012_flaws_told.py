"""The self-test says what is wrong once, not at each start."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    told = sa.Column("flaws_told", sa.Text, nullable=False, server_default="")
    op.add_column("staff_chats", told)
