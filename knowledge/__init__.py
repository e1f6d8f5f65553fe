"""WHAT IS TRUE, without language: topics, facts by day, contacts, urgent kinds, tables, sources.

Nothing here knows a language, a person or Telegram. Values have the days on which they hold,
a source and the day they were last checked; old values are never removed.
"""
