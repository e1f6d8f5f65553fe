"""Tables and constraints. Columns named `sealed_…` are encrypted by `vault`.

Each index says which question it answers.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from storage.columns import Moment, RowId

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# An index of some rows is used only where a query names them in the index's own words, without a
# bound value.
WAITING = "state = 'waiting'"
OPEN = "state <> 'closed'"
ANSWERS = "from_state = 'waiting' AND to_state = 'claimed'"
UNSENT = "state IN ('waiting', 'sending', 'uncertain')"
IN_A_GROUP = "group_id IS NOT NULL"

people = Table(
    "people",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("chat_hash", String(32), nullable=False, unique=True),
    Column("sealed_chat_id", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("sealed_state", Text, nullable=False),
    # The last messages, to judge what belongs together; forgotten by `purge`.
    Column("sealed_recent", Text),
    # Set while a coordinator keeps them from the volunteers: who, why, when.
    Column("sealed_block", Text),
    # Who has not written for so long that they are erased?
    Column("seen_at", Moment, nullable=False, index=True),
    # Whose last messages are to be forgotten?
    Index(
        "ix_people_recent",
        "seen_at",
        sqlite_where=text("sealed_recent IS NOT NULL"),
        postgresql_where=text("sealed_recent IS NOT NULL"),
    ),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", RowId, primary_key=True),
    # Telegram repeats an update until it is acknowledged: the second one is refused.
    Column("update_id", BigInteger, nullable=False, unique=True),
    # What is there of somebody who is to be forgotten?
    Column("lane", String(32), nullable=False, index=True),
    # NULL once the update is done: the words are not kept twice.
    Column("sealed_body", Text),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # Which are to be forgotten?
    Column("received_at", Moment, nullable=False, index=True),
    CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
    # Which updates are left to do, in order (start, and each lane's next)?
    Index(
        "ix_inbox_waiting",
        "lane",
        "update_id",
        sqlite_where=text(WAITING),
        postgresql_where=text(WAITING),
    ),
)

cases = Table(
    "cases",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("code", String(8), nullable=False, unique=True),
    # One case a person: an old one is reopened, so two alarms can never make two queues. NULL once
    # the person was erased: the case stays as a count.
    Column("person_id", RowId, ForeignKey("people.id"), unique=True),
    Column("language", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    Column("origin", String(8), nullable=False),
    Column("urgent_kind", String(32)),
    Column("sealed_claim", Text),
    # The colleague who is asked to take it over.
    Column("sealed_offer", Text),
    Column("opened_at", Moment, nullable=False),
    # The posts of which are to be forgotten?
    Column("closed_at", Moment, index=True),
    # The group that it is in, by its configured id; NULL is the default one.
    Column("group_id", BigInteger),
    # Whose topic is it?
    Column("topic_id", BigInteger, index=True),
    Column("rung", Integer, nullable=False, server_default="0"),
    # Which deadlines are due?
    Column("due_at", Moment, index=True),
    CheckConstraint("state IN ('waiting', 'claimed', 'closed')", name="state"),
    CheckConstraint("(state = 'claimed') = (sealed_claim IS NOT NULL)", name="claim"),
    # Which are in a group that is gone?
    Index(
        "ix_cases_group_id",
        "group_id",
        sqlite_where=text(IN_A_GROUP),
        postgresql_where=text(IN_A_GROUP),
    ),
    # Which have nobody?
    Index(
        "ix_cases_waiting",
        "urgent_kind",
        sqlite_where=text(WAITING),
        postgresql_where=text(WAITING),
    ),
    # Which are on the board?
    Index("ix_cases_open", "state", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
)

case_events = Table(
    "case_events",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False, index=True),
    Column("event", String(16), nullable=False),
    Column("from_state", String(8)),
    Column("to_state", String(8), nullable=False),
    Column("urgent_kind", String(32)),
    Column("sealed_by", Text),
    # What came of it; of a closing step only.
    Column("outcome", String(32)),
    # What happened in a period?
    Column("at", Moment, nullable=False, index=True),
    # For how long have people waited lately?
    Index(
        "ix_case_events_answers", "at", sqlite_where=text(ANSWERS), postgresql_where=text(ANSWERS)
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lane", String(32), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("case_id", RowId, ForeignKey("cases.id"), index=True),
    Column("sealed_body", Text),
    Column("state", String(9), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("failure", String(64)),
    # While it is being sent: when it may be taken for abandoned, and sent by somebody else.
    Column("due_at", Moment, nullable=False),
    # Which are to be forgotten?
    Column("created_at", Moment, nullable=False, index=True),
    Column("sent_at", Moment),
    CheckConstraint("state IN ('waiting', 'sending', 'uncertain', 'sent', 'failed')", name="state"),
    # Which lanes have something to send, and what is a lane's next?
    Index(
        "ix_outbox_unsent",
        "lane",
        "priority",
        "id",
        sqlite_where=text(UNSENT),
        postgresql_where=text(UNSENT),
    ),
    # How much of its budget has the staff group used in the last minute? What is there for somebody
    # who is to be forgotten?
    Index("ix_outbox_lane_sent_at", "lane", "sent_at"),
)

# Messages in the staff group that stand for a case: a reply to an alert or a copy goes to the
# person, a press on an alert or on a list of cards moves the case.
staff_posts = Table(
    "staff_posts",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("message_id", BigInteger, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False, index=True),
    Column("purpose", String(8), nullable=False),
)

# Which message in the staff group and which in a person's chat (sealed: chat and message id) are
# the same, one a copy of the other.
message_pairs = Table(
    "message_pairs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("person_hash", String(32), nullable=False),
    Column("sealed_message", Text, nullable=False),
    # Which message of the person's is this post?
    Index("ix_message_pairs_post", "chat_id", "message_id"),
    # Which post is this message of the person's? What is there of a case that is to be forgotten?
    Index("ix_message_pairs_person", "case_id", "person_hash"),
)

# What is kept back until a person's code word comes.
held_messages = Table(
    "held_messages",
    metadata,
    Column("id", RowId, primary_key=True),
    # What is there for the person of a case?
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False, index=True),
    Column("purpose", String(8), nullable=False),
    Column("sealed_body", Text, nullable=False),
    # Which are to be forgotten?
    Column("held_at", Moment, nullable=False, index=True),
)

# What a person is told later, about their case as it stands then.
follow_ups = Table(
    "follow_ups",
    metadata,
    Column("case_id", RowId, ForeignKey("cases.id"), primary_key=True),
    Column("subject", String(8), primary_key=True),
    # Which are due?
    Column("due_at", Moment, nullable=False, index=True),
)

# What stands on people's phones, as chat and message id: forgotten once it cannot be deleted.
chat_messages = Table(
    "chat_messages",
    metadata,
    Column("id", RowId, primary_key=True),
    # Which messages of a chat can be deleted?
    Column("lane", String(32), nullable=False, index=True),
    Column("sealed_message", Text, nullable=False),
    # Which are to be forgotten?
    Column("sent_at", Moment, nullable=False, index=True),
)

# What the bot did not know or answer well, of nobody: no column leads to a person or a chat, and
# none says more than the day. Only a person's own sealed state holds the ids of theirs.
gaps = Table(
    "gaps",
    metadata,
    Column("id", String(32), primary_key=True),
    # What was asked lately, and what is to be forgotten?
    Column("day", Date, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("topic", String(64)),
    # Who asks alike is counted together.
    Column("words_hash", String(32), nullable=False),
    Column("sealed_question", Text, nullable=False),
    CheckConstraint("kind IN ('unknown', 'not-helpful')", name="kind"),
)

# One row: the hash of nobody, by the key with which people are found; another would find nobody.
look_up_key = Table(
    "look_up_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(32), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# The groups of the staff, and where each is now: an upgrade gives a group a new id.
staff_chats = Table(
    "staff_chats",
    metadata,
    Column("configured_id", BigInteger, primary_key=True),
    Column("current_id", BigInteger, nullable=False),
    # What the self-test told it last: the names of what is wrong.
    Column("flaws_told", Text, nullable=False, server_default=""),
    # Whether the bot was shut out when it wrote there last, so that its cases go elsewhere.
    Column("is_away", Boolean, nullable=False, server_default=false()),
)

# Who has acted in the staff group: found by the keyed hash of their Telegram id.
volunteers = Table(
    "volunteers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("staff_hash", String(32), nullable=False, unique=True),
    Column("sealed_profile", Text, nullable=False),
    # Who has not been seen for so long that they are forgotten?
    Column("seen_at", Moment, nullable=False, index=True),
)

# The pinned board of a staff group. `shown` is the fingerprint of what it says: its words are not
# kept.
boards = Table(
    "boards",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger),
    Column("shown", String(64)),
)
