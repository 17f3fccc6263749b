"""Write reasons as sentences in Chinese and English."""
