"""Write the report on a model as a single file that is readable offline and on paper."""

from riskml.reporting.report import render_report

__all__ = ["render_report"]
