"""Which language, how urgent, which topic. Pure: texts in, judgements out.

Knows phrasings and look-alikes, not answers, people or Telegram.
"""
