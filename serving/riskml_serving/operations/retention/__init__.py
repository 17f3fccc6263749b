"""Deletes households that are to be forgotten, and data whose retention period is over."""
