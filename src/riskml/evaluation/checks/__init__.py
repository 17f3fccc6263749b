"""The release checks: each returns a finding, None, or the reason why it does not apply."""
