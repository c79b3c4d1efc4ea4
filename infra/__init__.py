"""The CDK app: one stack of constructs named by their roles. Synthesis makes no AWS call."""
