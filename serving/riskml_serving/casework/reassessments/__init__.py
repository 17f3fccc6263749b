"""The second look: help that began is assessed again, and help that does not work is a reason to go again."""
