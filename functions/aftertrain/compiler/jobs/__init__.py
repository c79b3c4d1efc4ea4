"""A job step -> the Task that runs it. One backend a file: worker, batch, sagemaker."""
