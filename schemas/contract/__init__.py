"""The contract with other teams: topics and records as documents, and what must not change from release to release."""
