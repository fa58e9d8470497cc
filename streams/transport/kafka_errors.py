"""From librdkafka's errors to the transport's: what each one means for this process."""

from confluent_kafka import KafkaError, KafkaException

from streams.transport.errors import BrokerError, ConfigError, FencedError, TransportError

_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._MAX_POLL_EXCEEDED,
        # The coordinator has ended the transaction meanwhile: it timed out, or its slot came back.
        KafkaError.INVALID_TXN_STATE,
        KafkaError.CONCURRENT_TRANSACTIONS,
    }
)
_BROKER = frozenset(
    {
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.UNSTABLE_OFFSET_COMMIT,
    }
)
_CONFIG = frozenset(
    {
        KafkaError._INVALID_ARG,
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError._AUTHENTICATION,
        KafkaError._UNSUPPORTED_FEATURE,
        KafkaError.INVALID_CONFIG,
        KafkaError.INVALID_PARTITIONS,
        KafkaError.INVALID_REPLICATION_FACTOR,
        KafkaError.INVALID_SESSION_TIMEOUT,
        KafkaError.INVALID_TRANSACTION_TIMEOUT,
        KafkaError.POLICY_VIOLATION,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.INCONSISTENT_GROUP_PROTOCOL,
    }
)


def error_of(exc: KafkaException) -> KafkaError:
    """The KafkaError that an exception carries."""
    error: KafkaError = exc.args[0]
    return error


def transport_error(error: KafkaError, doing: str) -> TransportError:
    """The transport's error for ``error``, met while ``doing`` (a phrase for the log line)."""
    code = error.code()
    text = f"{doing}: {error.str()} ({error.name()})"
    # A consumer's fatal error has its cause in its text alone.
    if code in _FENCED or (code == KafkaError._FATAL and "fenced" in error.str().lower()):
        return FencedError(text)
    if code in _CONFIG:
        return ConfigError(text)
    if code in _BROKER:
        return BrokerError(text)
    return TransportError(text)
