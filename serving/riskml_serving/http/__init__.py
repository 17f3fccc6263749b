"""Turns requests into typed values and results into bytes; a write that is sent twice is carried out once."""
