"""The nouns: what flows through the system. No input or output, no clock, no randomness."""
