"""The whole exchange in one process, without Kafka: recorded flow and a strategy's own orders."""
