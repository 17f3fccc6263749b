"""Compares riskml with its baselines and with other learners on real panel surveys."""
