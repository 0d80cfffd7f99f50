"""Commands that administer an installation: topics, offsets, contract, settings."""
