"""From contributions to causes: which ones are reasons, in what order, what to verify, and who may read them."""
