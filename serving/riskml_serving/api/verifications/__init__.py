"""What staff find on visits, and the export of their findings as ``monitoring`` records."""
