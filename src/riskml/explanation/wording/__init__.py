"""Reasons as sentences in Chinese and English."""
