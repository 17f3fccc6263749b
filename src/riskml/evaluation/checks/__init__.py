"""The release checks: each returns a finding, nothing, or the reason why it does not apply."""
