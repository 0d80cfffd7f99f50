"""The score worker: blocks of events into rows, rows into transactions."""
