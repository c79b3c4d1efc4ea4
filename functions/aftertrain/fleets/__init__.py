"""Inference fleets and rolling deployments: one kind a file; the rolling state machine is pure and knows no kind."""
