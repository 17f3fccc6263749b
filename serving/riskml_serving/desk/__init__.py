"""The desk: a county uploads lists from its departments, checks how they were interpreted, and imports them."""
