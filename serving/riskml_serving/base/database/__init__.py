"""The database: engine, metadata and migrations."""

from riskml_serving.base.database.engine import at_the_end, open_engine, reading, writing
from riskml_serving.base.database.metadata import METADATA, Code
from riskml_serving.base.database.migrate import opened, upgrade

__all__ = ["METADATA", "Code", "at_the_end", "open_engine", "opened", "reading", "upgrade", "writing"]
