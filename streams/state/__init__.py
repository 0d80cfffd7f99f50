"""The fans of a partition: found by key, grown, recorded and brought back; and their brands' clocks."""
