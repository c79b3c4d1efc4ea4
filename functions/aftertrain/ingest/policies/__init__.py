"""What a trigger's policies decide: one policy a file, pure; `admit` asks them in their order."""
