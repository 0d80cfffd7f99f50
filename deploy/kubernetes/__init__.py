"""Kubernetes manifests; those that repeat what is said elsewhere are written by `make.py`."""
