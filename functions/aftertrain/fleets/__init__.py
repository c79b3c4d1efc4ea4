"""Inference fleets and rolling deployments. One kind a file; the rolling state machine is pure and knows no kind."""
