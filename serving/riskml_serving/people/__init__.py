"""Who asks and what they may: API keys, accounts, regions, and the audit of what they saw and changed."""
