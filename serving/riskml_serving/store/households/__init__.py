"""Which households there are and where each lives now: the region scope is held against this."""
