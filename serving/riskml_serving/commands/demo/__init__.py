"""The last step of ``riskml demo``: imports part of the county, creates an account per role, and starts the service."""
