"""Write the report on a model as a single file that can be read offline and on paper."""

from riskml.reporting.report import render_report

__all__ = ["render_report"]
