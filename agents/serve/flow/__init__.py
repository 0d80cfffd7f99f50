"""How the events flow: their rate, the workers' lag, and how long an event waits for its score."""
