"""The adapters: what `ingest`, `control` and `tasks` ask for, on DynamoDB, Step Functions, SQS, S3 and the like."""
