"""The database: engine, metadata and migrations."""

from riskml_serving.database.engine import open_engine, reading, writing
from riskml_serving.database.metadata import METADATA, Code
from riskml_serving.database.migrate import opened, upgrade

__all__ = ["METADATA", "Code", "open_engine", "opened", "reading", "upgrade", "writing"]
