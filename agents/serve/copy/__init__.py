"""The serving copy in Redis: what is kept, how records become writes, and how it is read."""
