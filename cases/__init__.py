"""The queue of people who need a human. Pure: values in and values out, time is an argument.

No database, no Telegram, no language: `storage/` keeps cases, `desk.py` and `assistant.py` act.
"""
