"""Operates the service: logs, metrics, traces, readiness and retention."""
