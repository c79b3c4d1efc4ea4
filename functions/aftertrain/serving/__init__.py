"""The code of an inference replica: an MLServer model repository over a bucket, and a runtime for ONNX models."""
