"""The pages of staff: server-rendered, Chinese first, without a script that they need."""

from riskml_serving.web.router import router
from riskml_serving.web.shell.pages import wants_page
from riskml_serving.web.shell.refusals import render_problem

__all__ = ["render_problem", "router", "wants_page"]
