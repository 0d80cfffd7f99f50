"""A block of records into a partition: applied once, in order, and if it kills, one by one."""
