"""Reports: one file an analyst can defend, readable offline and on paper."""

from riskml.reporting.report import render_report

__all__ = ["render_report"]
