"""Which households there are and where each lives now: what the region of a caller is checked against."""
