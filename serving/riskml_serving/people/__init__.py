"""Callers and what they may do: API keys, accounts, region scope, and the audit log of what they saw and changed."""
