"""The page about one household: both verdicts, the reasons, what to verify, and the findings of visits."""
