"""A local stand-in for Telegram: the same bot in a web page, without token or network.

The bot talks to it over HTTP as it talks to Telegram; the tests drive it through the same seam.
It knows nothing of the bot: only what the Bot API says.
"""
