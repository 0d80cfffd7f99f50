"""Dedup window: which events of an input a partition has seen before."""
