"""What supervisord runs, and the file that tells it so."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streams.transport.errors import ExitCode
from tradeflow.supervision.settings import RunFolder

WORKERS = "workers"
"""The group of all stages' workers."""

CLOCK = "clock"
MAKERS = "makers"
GATEWAY = "gateway"

NEVER_AGAIN = (ExitCode.CLEAN, ExitCode.POISONED, ExitCode.CONFIG)
"""Exit codes after which a worker is not started again."""

_COMMAND_NEVER_AGAIN = (ExitCode.CLEAN, 2, ExitCode.CONFIG)
"""Of what is no worker: a command line that is not understood (2) will not be the next time."""

_LOG_BYTES_MAX = "10MB"
_LOG_BACKUPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One supervised process; ``settings`` are variables of its environment."""

    name: str
    command: tuple[str, ...]
    final_codes: tuple[int, ...]
    """Exit codes after which it is not started again."""
    starts_at_once: bool
    stop_seconds: int
    """How long it may take to stop before it is killed."""
    priority: int
    """Who has the lowest starts first and stops last."""
    settings: Mapping[str, str] = field(default_factory=dict)


def stage_worker(stage: str, slot: int, *, host: str, port: int) -> Program:
    """The worker of one slot of a stage; it serves /health and /metrics at ``port``."""
    return Program(
        name=f"{stage}-{slot}",
        command=(sys.executable, "-m", "tradeflow", "worker", stage, "--slot", str(slot)),
        final_codes=NEVER_AGAIN,
        starts_at_once=True,
        # A worker gives itself 5 s for a clean stop.
        stop_seconds=8,
        priority=100,
        settings={"TRADEFLOW_WEB_HOST": host, "TRADEFLOW_WEB_PORT": str(port)},
    )


def clock() -> Program:
    """Time for the stages; it starts when there is somebody to tell it."""
    return Program(
        name=CLOCK,
        command=(sys.executable, "-m", "tradeflow", "clock"),
        final_codes=_COMMAND_NEVER_AGAIN,
        starts_at_once=False,
        stop_seconds=5,
        priority=150,
    )


def makers(rate: int) -> Program:
    """Makers and a crowd, on every symbol."""
    command = (sys.executable, "-m", "tradeflow", "makers", "--rate", str(rate), "--quiet")
    return Program(
        name=MAKERS,
        command=command,
        final_codes=_COMMAND_NEVER_AGAIN,
        starts_at_once=False,
        stop_seconds=5,
        priority=200,
    )


def connector(name: str, *, host: str, port: int, settings: Mapping[str, str]) -> Program:
    """What feeds a store; it serves /health and /metrics at ``port``, and waits for its store."""
    return Program(
        name=f"connect-{name}",
        command=(sys.executable, "-m", "tradeflow", "connect", name),
        final_codes=_COMMAND_NEVER_AGAIN,
        starts_at_once=False,
        stop_seconds=6,
        priority=150,
        settings={
            "TRADEFLOW_CONNECT_WEB_HOST": host,
            "TRADEFLOW_CONNECT_WEB_PORT": str(port),
            **settings,
        },
    )


def gateway(settings: Mapping[str, str]) -> Program:
    """The exchange behind the addresses that clients know."""
    return Program(
        name=GATEWAY,
        command=(sys.executable, "-m", "tradeflow", "gateway"),
        final_codes=_COMMAND_NEVER_AGAIN,
        starts_at_once=False,
        stop_seconds=8,
        # Clients are gone before the stages end, and what they asked for is answered.
        priority=300,
        settings=settings,
    )


def supervisord_config(
    programs: Sequence[Program], folder: RunFolder, *, socket: Path, directory: Path
) -> str:
    """supervisord's configuration file; programs run in ``directory``.

    supervisord itself runs in the home of ``folder``, and what it opens is said from there: a
    percent sign in a path is a variable to it, for some settings once and for others twice.
    """
    sections = [
        f"""\
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisord]
nodaemon=true
silent=true
pidfile={_from_home(folder, folder.state / "supervisord.number")}
logfile={_from_home(folder, folder.log_of("supervisor"))}
logfile_maxbytes={_LOG_BYTES_MAX}
logfile_backups={_LOG_BACKUPS}
""",
        *(_program_section(program, folder, directory) for program in programs),
    ]
    workers = [program.name for program in programs if program.starts_at_once]
    # As one group they stop at the same time, not one after the other.
    sections.append(f"[group:{WORKERS}]\nprograms={','.join(workers)}\npriority=100\n")
    return "\n".join(sections)


def _program_section(program: Program, folder: RunFolder, directory: Path) -> str:
    settings = [f"{name}={value}" for name, value in program.settings.items()]
    command = [
        *(sys.executable, "-m", "tradeflow.supervision.launch"),
        *(str(folder.state), program.name, str(directory), *settings, "--", *program.command),
    ]
    return f"""\
[program:{program.name}]
command={shlex.join(command).replace("%", "%%")}
autostart={str(program.starts_at_once).lower()}
autorestart=unexpected
exitcodes={",".join(str(int(code)) for code in program.final_codes)}
startsecs=0
stopsignal=TERM
stopwaitsecs={program.stop_seconds}
priority={program.priority}
redirect_stderr=true
stdout_logfile={_from_home(folder, folder.log_of(program.name))}
stdout_logfile_maxbytes={_LOG_BYTES_MAX}
stdout_logfile_backups={_LOG_BACKUPS}
"""


def _from_home(folder: RunFolder, path: Path) -> Path:
    return path.relative_to(folder.home)
