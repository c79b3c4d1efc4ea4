"""The nouns of the system: no I/O, no clock, no randomness."""
