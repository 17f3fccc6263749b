"""The last step of ``riskml demo``: imports part of its county, creates an account per role, and starts the service."""
