"""Makes sure that a write that is sent twice with the same idempotency key is carried out once."""
