"""From raw records to columns: decode each, refuse the bad with a reason."""
