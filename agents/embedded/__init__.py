"""A real Kafka and a real Valkey of our own, for `run`, the tests and the benchmark."""
