"""Commands that show what is: fans, flags, lag, dead letters."""
