"""A machine's ASL -> what Step Functions would refuse in it; start reading at `verify`."""
