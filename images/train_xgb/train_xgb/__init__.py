"""XGBoost behind SageMaker's training, hosting and processing contracts."""
