"""The endpoints of every resource, and the type of each response."""

from __future__ import annotations

from riskml_serving.api.changes.endpoints import router as changes
from riskml_serving.api.clues.endpoints import router as clues
from riskml_serving.api.health import router as health
from riskml_serving.api.households.endpoints import router as households
from riskml_serving.api.jobs.endpoints import router as jobs
from riskml_serving.api.model import router as model
from riskml_serving.api.openapi import require_answer_types
from riskml_serving.api.records.endpoints import router as records
from riskml_serving.api.regions.endpoints import router as regions
from riskml_serving.api.scores.endpoints import router as scores
from riskml_serving.api.verifications.endpoints import router as verifications

ROUTERS = (scores, records, clues, households, jobs, verifications, changes, regions, model, health)

ANSWERS = require_answer_types(ROUTERS)
"""Response type for each method and path."""
