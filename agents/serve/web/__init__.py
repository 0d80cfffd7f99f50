"""Over HTTP: lookups, the page and its stream of news."""
