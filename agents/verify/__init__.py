"""Verification in production: sampled fans computed again from the input topics, compared with what is published."""
