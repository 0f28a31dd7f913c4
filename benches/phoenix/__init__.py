"""Replay of a published demand-response demonstration: 256 GPUs, six jobs, three hours (`make phoenix`)."""
