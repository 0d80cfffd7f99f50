"""The fans of a partition: dense rows, found by key, moved by compiled kernels that are composed of a model's rules."""
