"""What `fanpulse doctor` looks at: each check is a function that yields findings, and none changes anything."""
