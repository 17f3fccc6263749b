"""Jobs: long work in a leased table that survives a crash."""
