"""Stores for machines without Docker: real servers, each with a data folder of its own."""
