"""Commands that check and prepare: topics, doctor, config, schema, verify."""
