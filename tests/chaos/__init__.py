"""Chaos: the real functions as processes on the emulator, killed at random while senders send."""
