"""Partitions: taken over, held, given up; and what a worker refuses to own."""
