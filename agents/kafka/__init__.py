"""Clients of Kafka for everything but scoring: connection settings, topics, offsets, reading and writing."""
