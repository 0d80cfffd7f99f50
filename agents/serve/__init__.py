"""The serve process: output topics to Redis, page and lookups."""
