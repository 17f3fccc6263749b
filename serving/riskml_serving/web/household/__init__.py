"""One household: both verdicts, the reasons, what to verify, what was found."""
