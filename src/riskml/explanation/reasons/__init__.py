"""From contributions to causes: which are reasons, in what order, what to check, and who may read them."""
