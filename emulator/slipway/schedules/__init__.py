"""When schedules fire, and what they then ask for; no I/O."""
