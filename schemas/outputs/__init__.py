"""What readers get: scores and flags as JSON, and how a rule declares what it publishes."""
