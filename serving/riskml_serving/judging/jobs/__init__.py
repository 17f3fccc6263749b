"""Jobs: long-running work, queued in a table from which workers lease it, so that no job is lost in a crash."""
