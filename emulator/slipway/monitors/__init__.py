"""What monitoring schedules ask for: when they start, which hours they look at, which jobs do it; no I/O."""
