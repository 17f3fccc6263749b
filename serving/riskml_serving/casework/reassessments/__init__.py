"""The second look: new help is assessed again, and help that does not work is a reason to go again."""
