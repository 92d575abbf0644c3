"""Start, stop, checkpoint and reset the embedded AWS.

    start       turn ─► our folder, our port? ─► clean up after a dead one ─► child process ─► healthy
    stop        turn ─► workers quiet ─► SIGTERM ─► wait, however long invocations take ─► no worker left
    checkpoint  stop, start: the services write their state at a graceful stop and at no other time

The child holds the lock on its pid file (see ``server``), so whether it lives is asked of the kernel, and a
number that now belongs to a stranger is never signalled.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec

from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.local import child, folder, ports, process, workers
from zenoimg.local.settings import HOST, LocalSettings
from zenoimg.local.status import (
    LocalState,
    LocalStatus,
    ask_health,
    installed_version,
    kept_bytes,
    last_saved,
)
from zenoimg.local.variables import client_variables, foreign_variables

START_SECONDS = 15.0
STOP_SECONDS = 330.0  # a function may run for 300 s, and the services save after it
_POLL_SECONDS = 0.05

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Report nothing."""


class EmbeddedAws:
    """One embedded AWS, named by its settings. It keeps nothing: every look is at the machine."""

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings

    def status(self) -> LocalStatus:
        """Look at it once; starts and changes nothing."""
        process.collect()
        settings = self.settings
        pid = process.lock_holder(settings.pid_file)
        port = settings.port if pid is None else folder.recorded_port(settings) or settings.port
        health = ask_health(port) if pid is not None else None
        ours = health is not None and health.identity == settings.identity
        state: LocalState
        if pid is None:
            state = "port-taken" if ports.listens(port) else "stopped"
        else:
            state = "running" if ours else "unhealthy"
        return LocalStatus(
            state=state,
            endpoint_url=f"http://{HOST}:{port}",
            home=settings.home,
            log_file=settings.log_file,
            pid=pid or None,
            version=health.version if ours and health else installed_version(),
            size=kept_bytes(settings),
            saved_at=last_saved(settings),
        )

    def start(self, *, on_progress: Progress | None = None) -> bool:
        """Start it unless it runs, and return when it answers: ``True`` if this call started it.

        Raises ``ConfigurationError`` when ministack is not installed, the folder is not ours, the port is
        taken or the state belongs to another port; ``ZenoError`` when the server ends or does not answer
        within 15 s.
        """
        say = on_progress or _silent
        settings = self.settings
        if find_spec("ministack") is None:
            raise ConfigurationError(
                "The embedded AWS is not installed.",
                next_step="pip install 'zenoimg[local]'",
                code="local-not-installed",
            )
        folder.prepare(settings)
        with self._turn(say):
            return self._start(say)

    def stop(self, *, on_progress: Progress | None = None, patience: float = STOP_SECONDS) -> bool:
        """Stop it gracefully, so that its state is saved: ``True`` if it ran.

        Waits for invocations in flight, up to ``patience`` seconds in all, and never kills the server: raises
        ``ZenoError`` when it still has not ended, and it goes on ending by itself.
        """
        if not self.settings.home.exists():
            return False
        say = on_progress or _silent
        with self._turn(say):
            return self._stop(say, patience)

    def checkpoint(self, *, on_progress: Progress | None = None) -> None:
        """Have the state written: a graceful stop and a start. Nothing to do when it does not run.

        Raises what ``start`` and ``stop`` raise.
        """
        if not self.settings.home.exists():
            return
        say = on_progress or _silent
        with self._turn(say):
            if self._stop(say, STOP_SECONDS):
                self._start(say)

    def reset(self, *, on_progress: Progress | None = None) -> None:
        """Stop it and remove all that it keeps. Only what it has made in its home folder goes."""
        if not self.settings.marker_file.exists():
            return
        say = on_progress or _silent
        with self._turn(say):
            self._stop(say, STOP_SECONDS)
            folder.remove_state(self.settings)

    def environment(self, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The variables that point an AWS SDK or the AWS CLI at it, whether it runs or not.

        Not enough in an environment that names a profile or a session token: see ``unset_variables``.
        """
        return client_variables(self.settings, inherited)

    def unset_variables(self, inherited: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """The names that must be absent beside ``environment()``; empty is not absent to an SDK."""
        return foreign_variables(inherited)

    @contextmanager
    def _turn(self, say: Progress) -> Iterator[None]:
        def waiting() -> None:
            say("Waiting for another zenoimg that starts or stops the embedded AWS")

        with process.turn(self.settings.turn_file, waiting):
            process.collect()
            yield

    def _start(self, say: Progress) -> bool:
        """Start within our turn."""
        settings = self.settings
        if not settings.marker_file.exists():
            folder.mark(settings, None)
        lock = process.open_locked(settings.pid_file)
        while lock is None and process.lock_holder(settings.pid_file) is None:
            lock = process.open_locked(settings.pid_file)  # it was only somebody who asked whether it lives
        if lock is None:
            folder.check_port(settings, runs=True)
            self._await_health()
            return False
        try:
            folder.check_port(settings, runs=False)
            self._check_port_free()
            workers.end(settings.scratch_folder, patience=0)
            folder.clean_scratch(settings)
            folder.turn_log_over(settings)
            folder.mark(settings, settings.port)
            say("Starting the embedded AWS")
            log_start = child.log_size(settings.log_file)
            server = child.launch(settings, lock)
        finally:
            os.close(lock)
        process.adopt(server)
        self._await_health(server, log_start)
        return True

    def _check_port_free(self) -> None:
        settings = self.settings
        if (trouble := ports.trouble(settings.port)) is None:
            return
        home = f" ZENOIMG_LOCAL_HOME={settings.home}-2" if folder.has_state(settings) else ""
        raise ConfigurationError(
            f"The embedded AWS cannot listen on port {settings.port} of {HOST}: {trouble}.",
            next_step=f"Stop what listens there, or choose another port: ZENOIMG_LOCAL_PORT=PORT{home}",
            code="local-port-taken",
        )

    def _await_health(self, server: subprocess.Popen[bytes] | None = None, log_start: int = 0) -> None:
        """Return when the server answers; ``server`` is our own child, if this call started it.

        ``log_start`` is where in the log its own lines begin.
        """
        settings = self.settings
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            health = ask_health(settings.port)
            if health is not None and health.identity == settings.identity:
                return
            if process.lock_holder(settings.pid_file) is None:
                raise self._failed("ended while it started", log_start)
            time.sleep(_POLL_SECONDS)
        if server is None:
            raise self._failed("runs and does not answer", log_start, next_step="Stop it with: zenoimg local stop")
        # Nothing has reached it yet and it writes its state only at a graceful stop, so this loses nothing.
        server.kill()
        server.wait()
        raise self._failed(f"did not answer within {START_SECONDS:.0f} s", log_start)

    def _failed(self, what: str, log_start: int, *, next_step: str = "") -> ZenoError:
        process.collect()
        log = self.settings.log_file
        return ZenoError(
            f"The embedded AWS {what}. Its log ends:\n{child.last_words(log, start=log_start)}",
            next_step=next_step or f"The whole log: {log}",
            code="local-not-healthy",
        )

    def _stop(self, say: Progress, patience: float) -> bool:
        """Stop within our turn."""
        settings = self.settings
        deadline = time.monotonic() + patience
        while (pid := process.lock_holder(settings.pid_file)) == 0:  # not yet at its first statement
            if time.monotonic() > deadline:
                raise self._failed("is being started and says nothing", 0)
            time.sleep(_POLL_SECONDS)
        if pid is None:
            return False
        say("Stopping the embedded AWS: it finishes what it is doing and saves its state")
        workers.wait_until_quiet(settings.scratch_folder, deadline=deadline)
        if process.lock_holder(settings.pid_file) != pid:
            return True  # it has ended meanwhile
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        while process.lock_holder(settings.pid_file) is not None:
            if time.monotonic() > deadline:
                raise ZenoError(
                    f"The embedded AWS (process {pid}) is busy after {patience:.0f} s and goes on stopping.",
                    next_step=f"Wait. Its log: {settings.log_file}. `kill -9 {pid}` loses unsaved state.",
                    code="local-still-stopping",
                )
            time.sleep(_POLL_SECONDS)
        process.collect()
        workers.end(settings.scratch_folder, patience=2.0)
        return True
