"""The CDK app: one stack of constructs that are named by their roles. No AWS call is made at synth."""
