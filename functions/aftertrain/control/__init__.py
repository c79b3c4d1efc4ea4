"""The use cases of the API: sources, pipelines, triggers, clusters, events, executions. Services come in through
`ports`.
"""
