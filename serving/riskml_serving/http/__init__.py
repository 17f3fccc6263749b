"""Parses requests and writes responses; a write sent twice with the same idempotency key is carried out once."""
