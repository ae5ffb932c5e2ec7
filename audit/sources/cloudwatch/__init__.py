"""Amazon CloudWatch as a source: how SageMaker endpoints answer."""
