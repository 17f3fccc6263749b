"""Asks riskml for scores and reasons: of one household, of many, of a county in a job or an import."""
