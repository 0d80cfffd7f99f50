"""Commands that stay: run, worker, serve."""
