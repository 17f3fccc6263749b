"""What staff find on visits, and its export as ``monitoring`` records."""
