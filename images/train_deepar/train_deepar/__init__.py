"""Probabilistic forecasts of many series behind SageMaker's training, hosting and processing contracts."""
