"""The pages of staff: server-rendered, Chinese first, without a script that they need."""

from riskml_serving.web.pages import wants_page
from riskml_serving.web.refusals import refusal
from riskml_serving.web.router import router

__all__ = ["refusal", "router", "wants_page"]
