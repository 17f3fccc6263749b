"""The release checks: each returns a finding, nothing, or why it does not apply."""
