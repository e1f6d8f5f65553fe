"""The note on who else may see the phone: once a person, before what others must not read.

It comes in front of the answer and never instead of it. No alarm waits for it: the cards of danger
come without.
"""

from __future__ import annotations

from dataclasses import replace

from conversation import menus
from conversation.messages import Reply
from conversation.moment import Moment


def before_topic(moment: Moment, topic_id: str) -> tuple[Moment, tuple[Reply, ...]]:
    """Return the note, and the moment after it, before a topic of brokers or of danger."""
    topic = moment.content.knowledge.topics[topic_id]
    if topic.pillar in ("safety", "broker") or topic.urgent_kinds:
        return once(moment)
    return moment, ()


def once(moment: Moment) -> tuple[Moment, tuple[Reply, ...]]:
    """Return the note, and the moment after it; nothing where the person has had it."""
    if moment.state.phone_noted:
        return moment, ()
    state = replace(moment.state, phone_noted=True)
    return replace(moment, state=state), (menus.phone_note(moment.voice),)
