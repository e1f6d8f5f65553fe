"""In and out: updates are stored before they are acknowledged, messages are sent until they arrive.

`send.py` is the one module that calls Telegram's send methods. Nothing here reads a word of what
it carries.
"""

import os

# python-telegram-bot gives waits as timedelta only when asked to; its default is on the way out.
os.environ.setdefault("PTB_TIMEDELTA", "1")
