"""Demo traffic: a made-up brand's fans of known character, for a first look and for tests."""
