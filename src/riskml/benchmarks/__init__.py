"""Benchmarks: measured claims that anyone can run again."""
