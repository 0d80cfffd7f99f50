"""Commands that start processes: run, worker, serve, replay."""
