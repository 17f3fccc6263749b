"""Scores households with riskml: a few in a request, a whole folder in an import, or a county in a job."""
