"""Running the service: logs, metrics, traces, readiness, and how long things are kept."""
