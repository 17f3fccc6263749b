"""The end of ``riskml demo``: part of its county, accounts for everybody, and the service."""
