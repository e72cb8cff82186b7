"""The long-running process: jobs, signals, readiness."""
