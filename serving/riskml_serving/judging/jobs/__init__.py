"""Jobs: long-running work that workers lease from a table, so that it survives a crash."""
