"""Batches and their jobs."""
