"""MLflow 2.9 and later: registered models, versions, names, runs, data and logged models, by polling and webhooks."""
