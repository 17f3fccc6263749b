"""Developers' tools, absent from the production image: benchmarks, page times and the gallery of pages."""
