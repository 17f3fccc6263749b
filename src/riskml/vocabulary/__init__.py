"""The one vocabulary: codes of causes, verdicts and region levels, their order, and their Chinese and English names."""
