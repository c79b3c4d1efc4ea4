"""The common part of the steps that change a deployment: a request, the deployment's record, and a roll-out."""
