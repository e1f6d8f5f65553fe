"""What volunteers do, and what happens to cases by itself: load, decide, save in one transaction.

Knows neither Telegram nor SQL: `handlers/` calls it, `cases/` decides, `storage/` keeps.
"""
