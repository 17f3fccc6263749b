"""The last step of ``riskml demo``: part of its county, an account for every role, and the service."""
