"""The serving processes: HTTP, answers, meters, and who watches whom."""
