"""Runs migrations on the connection that is passed in."""

from __future__ import annotations

from alembic import context

from riskml_serving.base.database.metadata import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
