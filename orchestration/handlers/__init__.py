"""Functions that events call: boto3 and each other, nothing else of this package, and no project."""
