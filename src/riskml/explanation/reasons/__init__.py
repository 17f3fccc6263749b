"""Turn contributions into reasons: select and rank them, list what to verify, and hide what a reader may not see."""
