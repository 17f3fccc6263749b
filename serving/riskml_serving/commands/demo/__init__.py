"""The last step of ``riskml demo``: imports part of its county, creates an account for every role, and serves."""
