"""Checking a records folder: every fault in every table, and what to do about it."""
