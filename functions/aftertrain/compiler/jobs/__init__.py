"""A job step -> the Task that runs it, one backend a file: worker, batch, sagemaker."""
