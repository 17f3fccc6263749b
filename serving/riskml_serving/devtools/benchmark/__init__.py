"""Benchmarks of the service: throughput compared with MLflow's scoring server, and a county at full scale."""
