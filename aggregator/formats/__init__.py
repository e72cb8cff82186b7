"""Bytes to words and words to bytes."""
