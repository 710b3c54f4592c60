"""What scripts/chaos is made of: child processes, a proxy that speaks ZeroMQ's framing, a cluster, and its faults."""
