"""What all tests share."""

from hypothesis import settings

# A first call compiles, and a shared machine is slow: time is judged by the tests that measure it.
settings.register_profile("fanpulse", deadline=None)
settings.load_profile("fanpulse")
