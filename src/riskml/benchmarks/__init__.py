"""Benchmarks: they reproduce the project's claims about speed and accuracy."""
