"""Benchmarks of the service: throughput beside MLflow's scoring server, and a county at full scale."""
