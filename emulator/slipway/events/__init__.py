"""What is told to EventBridge, and when."""
