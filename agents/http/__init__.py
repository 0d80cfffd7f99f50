"""HTTP servers: authentication, connection limits, responses; shared by every process that answers requests."""
