"""The release checks; each returns a finding about a model, None, or the reason why the check does not apply."""
