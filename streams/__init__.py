"""What follows from a stream of events: pure functions over rows, time an argument."""
