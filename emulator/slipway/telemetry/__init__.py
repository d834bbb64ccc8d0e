"""What jobs and endpoints say and do, on CloudWatch Logs and CloudWatch."""
