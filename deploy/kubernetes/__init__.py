"""Kubernetes manifests; `make.py` generates those that repeat other files."""
