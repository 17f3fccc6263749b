"""Scores households with riskml: one in a request, many in an import, a county in a job."""
