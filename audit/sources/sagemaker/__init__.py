"""Amazon SageMaker: model packages, training jobs, pipelines, endpoints and model cards."""
