"""Commands that write events to the inputs: load, simulate, dlq."""
