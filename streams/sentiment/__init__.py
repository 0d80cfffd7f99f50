"""Sentiment of a comment, -1..1: hashed n-grams and one weight for each, trained on exactly what is scored."""
