"""Pipeline executions: a tick looks at the rows, does what can be done, and waits for nothing."""
