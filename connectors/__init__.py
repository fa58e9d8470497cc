"""Sinks that feed stores from topics: one process and one consumer group a store."""
