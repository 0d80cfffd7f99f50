"""The command line: a room per purpose, a file per command."""
