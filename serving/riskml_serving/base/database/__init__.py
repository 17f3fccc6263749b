"""The database: engine, metadata and migrations."""

from riskml_serving.base.database.engine import before_commit, guard, open_engine, reading, writing
from riskml_serving.base.database.metadata import METADATA, Code, list_tables
from riskml_serving.base.database.migrate import open_database, upgrade

__all__ = [
    "METADATA",
    "Code",
    "before_commit",
    "guard",
    "list_tables",
    "open_database",
    "open_engine",
    "reading",
    "upgrade",
    "writing",
]
