"""What is computed from whole histories, outside the worker: fitting, training, back-tests. Needs the extra [learn]."""
