"""The broker's configuration: one node that is broker and controller, tuned for short waits."""

from pathlib import Path

_FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # One node: nothing can be replicated.
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Few partitions are quick to create and to load; one node gains nothing from 50.
    "num.partitions": "4",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    # Topics have a partition count and settings that matter: they are made on purpose.
    "auto.create.topics.enable": "false",
    # A group's first member need not wait for others.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # For every partition of every transaction the broker would ask itself whether it belongs there
    # (KIP-890): over a quarter of all its requests. It guards against records that come behind the
    # end of their transaction, and against zombies whom a partition has forgotten; a worker commits
    # what has arrived, all else ends with a new epoch, and a partition forgets nobody in a week.
    # Programs that write to public topics in transactions are another matter: hence a setting.
    "producer.id.expiration.ms": "604800000",
    # What a dead worker left open hides all that comes behind it from readers of committed records:
    # it is ended when its time is over, not up to 10 s later.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    # Nor may any client hold readers up for longer than clients ask for by default.
    "transaction.max.timeout.ms": "60000",
    # Changelogs are compacted soon, so that a restore reads rows and not their history.
    "log.cleaner.backoff.ms": "1000",
    "log.cleaner.dedupe.buffer.size": "33554432",
    "log.retention.check.interval.ms": "60000",
    "log.initial.task.delay.ms": "5000",
    # Two cores are shared with the workers.
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
    # After a crash the broker may register anew once its old session has ended: with the default of
    # 9 s the next start takes 13 s, with 3 s it takes 6 s. But a broker that is held up for longer
    # than that, by a slow disk say, takes the leadership of all partitions from itself.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "500",
}


def server_properties(
    *, host: str, port: int, controller_port: int, log_dir: Path, verify_transactions: bool = False
) -> str:
    """The text of server.properties; `log_dir` is where the topics' records are kept."""
    varying = {
        "transaction.partition.verification.enable": str(verify_transactions).lower(),
        "listeners": f"PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
        "controller.quorum.voters": f"1@{host}:{controller_port}",
        "log.dirs": str(log_dir),
    }
    lines = [f"{name}={value}" for name, value in (_FIXED | varying).items()]
    return "\n".join(lines) + "\n"
