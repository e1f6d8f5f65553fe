"""The key by which people are found is known, so that another one is refused."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "look_up_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_look_up_key_one_row")),
    )
