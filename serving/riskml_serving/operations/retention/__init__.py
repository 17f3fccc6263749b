"""Deletion: a household to be forgotten, and data whose retention period is over."""
