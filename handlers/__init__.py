"""Telegram in, nothing decided: an update becomes an Incoming or a staff action.

If a handler needs an `if` about the law, a topic or a case, it is in the wrong file.
"""
