"""The only importer of SQLAlchemy: tables, queries by subject, migrations, encrypted columns.

Functions take a `Transaction` and values, and return frozen dataclasses. They never commit: the
edge does. Datetimes are aware and in UTC. Driver errors come out as StorageError.
"""
