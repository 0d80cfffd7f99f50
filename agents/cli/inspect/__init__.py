"""Commands that only read: doctor, verify, fans, flags."""
