"""Amazon States Language as typed nodes, its JSONata texts, its own checks, and its canonical bytes."""
