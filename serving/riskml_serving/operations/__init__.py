"""What the service's operators need: logs, metrics, traces, readiness checks and data retention."""
