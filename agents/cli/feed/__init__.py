"""Commands that write events: simulate, load, replay."""
