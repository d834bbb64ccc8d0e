"""S3 to /opt/ml and back."""
