"""HOW IT IS SAID: the same paths in every language: ui, answers, phrasings, urgency.

Texts name facts by placeholder and hold no digits and no markup. English is the reference and is
stored like the others. Nothing here decides anything.
"""
