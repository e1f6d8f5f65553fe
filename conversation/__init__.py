"""What the bot says to a person. Pure: Incoming + state + now -> Turn.

No Telegram, no database, no clock. `render.py` is the one place where texts become messages.
"""
