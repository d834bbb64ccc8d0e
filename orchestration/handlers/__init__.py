"""Functions that events call. Each is one file with boto3 and nothing else, and knows no project."""
