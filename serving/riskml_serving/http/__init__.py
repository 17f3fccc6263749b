"""Turns requests into typed values and results into bytes; a write request that is sent twice is carried out once."""
