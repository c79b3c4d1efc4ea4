"""The adapters: the ports of `ingest`, `control` and `tasks` on DynamoDB, Step Functions, SQS, S3 and others."""
