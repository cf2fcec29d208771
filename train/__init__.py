"""The MLflow Project's entry points: from a portfolio to a promoted version."""
