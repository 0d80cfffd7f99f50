"""The checks of `fanpulse doctor`: each is a function that yields findings; none changes anything."""
