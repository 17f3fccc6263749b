"""Checking a records folder: every fault of every table, and what to do about it."""
