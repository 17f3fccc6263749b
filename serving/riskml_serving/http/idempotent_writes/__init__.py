"""Makes sure that a request that is sent twice is carried out once."""
