"""The local stage: the real stack on an emulator of AWS, a worker and an inference fleet, all on this machine."""
