"""Amazon States Language: typed nodes, JSONata texts, a verifier, and canonical bytes."""
