"""The last step of ``riskml demo``: imports and scores part of the county, creates accounts, and starts the service."""
