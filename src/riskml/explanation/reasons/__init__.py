"""Turn contributions into causes: which of them are reasons, in what order, what to verify, and who may read them."""
