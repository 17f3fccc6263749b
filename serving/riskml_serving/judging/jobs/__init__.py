"""Jobs: long-running work that is leased from a table, so that it survives a crash."""
