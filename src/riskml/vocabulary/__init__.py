"""The shared vocabulary: codes for causes, verdicts and region levels, their order, and names in both languages."""
