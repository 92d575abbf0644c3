"""Start, stop, checkpoint and reset the embedded AWS.

    start       lock ─► our folder, our port? ─► clean up after a dead server ─► child process ─► healthy
    stop        lock ─► workers idle ─► SIGTERM ─► wait for running invocations ─► no worker left
    checkpoint  stop, start: the services write their state only at a graceful stop

The child holds the lock on its pid file (see ``server``), so the kernel knows whether it is alive, and a process id
that was reused by an unrelated process is never signalled. A server that is alive but does not respond is busy: a burst
of events can keep it busy for more than 15 s on two cores.
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
from zenoimg.suggest import suggest, suggest_install

#: How long (in seconds) a live server may be busy before it counts as stuck.
PATIENCE_SECONDS = 120.0
STOP_SECONDS = 330.0  # a function may run for 300 s, after which the services save their state
_BUSY_SECONDS = 3.0  # without a response, after which the wait is reported
_POLL_SECONDS = 0.05

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Report nothing."""


class EmbeddedAws:
    """One embedded AWS, identified by its settings. Stateless: every method reads the state of the machine."""

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings

    def status(self) -> LocalStatus:
        """Return its current state, without starting or changing anything."""
        process.reap()
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

    def start(self, *, on_progress: Progress | None = None, on_lost_state: Callable[[], None] | None = None) -> bool:
        """Start it unless it is running, and return once it responds: ``True`` if this call started it.

        ``on_lost_state`` is called if the previous server was killed before it could save its state. Raises
        ``ConfigurationError`` if ministack is not installed, the folder is not ours, the port is taken or the state
        belongs to another port; ``ZenoError`` if the server ends during the start or does not respond for 120 s.
        """
        say = on_progress or _silent
        settings = self.settings
        if find_spec("ministack") is None:
            raise ConfigurationError(
                "The embedded AWS is not installed.",
                next_step=f"Install it with: {suggest_install('local')}",
                code="local-not-installed",
            )
        folder.prepare(settings)
        with self._exclusive(say):
            return self._start(say, on_lost_state)

    def stop(self, *, on_progress: Progress | None = None, patience: float = STOP_SECONDS) -> bool:
        """Stop it gracefully, so that its state is saved: ``True`` if it was running.

        Waits for running invocations, up to ``patience`` seconds in total, and never kills the server: raises
        ``ZenoError`` if it has not ended by then; it continues to stop on its own.
        """
        if not self.settings.home.exists():
            return False
        say = on_progress or _silent
        with self._exclusive(say):
            return self._stop(say, patience)

    def checkpoint(self, *, on_progress: Progress | None = None) -> None:
        """Save the state by a graceful restart; do nothing if it is not running.

        Raises what ``start`` and ``stop`` raise.
        """
        if not self.settings.home.exists():
            return
        say = on_progress or _silent
        with self._exclusive(say):
            if self._stop(say, STOP_SECONDS):
                self._start(say)

    def reset(self, *, on_progress: Progress | None = None) -> None:
        """Stop it and delete its state; other files in the home folder stay."""
        if not self.settings.marker_file.exists():
            return
        say = on_progress or _silent
        with self._exclusive(say):
            self._stop(say, STOP_SECONDS)
            folder.remove_state(self.settings)

    def environment(self, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables that point an AWS SDK or the AWS CLI at it, running or not.

        An environment with a profile or a session token also needs ``unset_variables``.
        """
        return client_variables(self.settings, inherited)

    def unset_variables(self, inherited: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """Return the variables to unset in addition to ``environment()``, since SDKs do not treat empty as unset."""
        return foreign_variables(inherited)

    @contextmanager
    def _exclusive(self, say: Progress) -> Iterator[None]:
        def waiting() -> None:
            say("Waiting for another zenoimg command that is starting or stopping the embedded AWS")

        with process.exclusive(self.settings.lock_file, waiting):
            process.reap()
            yield

    def _start(self, say: Progress, on_lost_state: Callable[[], None] | None = None) -> bool:
        """Start it while holding the lock."""
        settings = self.settings
        if not settings.marker_file.exists():
            folder.write_marker(settings, None)
        lost_state = process.was_killed(settings.pid_file) and folder.has_state(settings)
        lock = process.open_locked(settings.pid_file)
        while lock is None and process.lock_holder(settings.pid_file) is None:
            lock = process.open_locked(settings.pid_file)  # another process was only checking the lock
        if lock is None:
            folder.check_port(settings, runs=True)
            if self._await_health(say):
                return False
            say("The embedded AWS has ended in the meantime")
            return self._start(say, on_lost_state)
        try:
            folder.check_port(settings, runs=False)
            self._check_port_free()
            workers.end(settings.scratch_folder, patience=0)
            folder.clean_scratch(settings)
            folder.rotate_log(settings)
            folder.write_marker(settings, settings.port)
            say("Starting the embedded AWS")
            log_start = child.log_size(settings.log_file)
            server = child.launch(settings, lock)
        finally:
            os.close(lock)
        process.adopt(server)
        self._await_health(say, server, log_start)
        if lost_state and on_lost_state is not None:
            on_lost_state()
        return True

    def _check_port_free(self) -> None:
        settings = self.settings
        if (reason := ports.bind_error(settings.port)) is None:
            return
        home = f" ZENOIMG_LOCAL_HOME={settings.home}-2" if folder.has_state(settings) else ""
        raise ConfigurationError(
            f"The embedded AWS cannot listen on port {settings.port} of {HOST}: {reason}.",
            next_step=f"Stop that program, or choose another port: ZENOIMG_LOCAL_PORT=PORT{home}",
            code="local-port-taken",
        )

    def _await_health(self, say: Progress, server: subprocess.Popen[bytes] | None = None, log_start: int = 0) -> bool:
        """Wait up to 120 s for the server to respond, as long as its process is alive.

        ``server`` is our own child, if this call started it, and ``log_start`` is where its lines in the log begin.
        Return ``False`` if another process's server has ended. Raises ``ZenoError`` if our own has, or if there is no
        response for 120 s.
        """
        settings = self.settings
        started, is_reported = time.monotonic(), False
        while (waited := time.monotonic() - started) < PATIENCE_SECONDS:
            health = ask_health(settings.port)
            if health is not None and health.identity == settings.identity:
                return True
            pid = process.lock_holder(settings.pid_file)
            if pid is None and server is None:
                return False
            if pid is None:
                raise self._failed("ended during its start", log_start)
            if waited > _BUSY_SECONDS and not is_reported:
                say(f"The embedded AWS (process {pid}) is busy; waiting up to {PATIENCE_SECONDS:.0f} s for a response")
                is_reported = True
            time.sleep(_POLL_SECONDS)
        what = f"is alive but has not responded for {PATIENCE_SECONDS:.0f} s"
        if server is None:
            raise self._failed(what, log_start, next_step=f"Stop it with `{suggest('local', 'stop')}`.")
        # No request has reached it yet and it writes its state only at a graceful stop, so nothing is lost.
        server.kill()
        server.wait()
        raise self._failed(what, log_start)

    def _failed(self, what: str, log_start: int, *, next_step: str = "") -> ZenoError:
        process.reap()
        log = self.settings.log_file
        return ZenoError(
            f"The embedded AWS {what}. Its log ends:\n{child.log_tail(log, start=log_start)}",
            next_step=next_step or f"The full log: {log}",
            code="local-not-healthy",
        )

    def _stop(self, say: Progress, patience: float) -> bool:
        """Stop it while holding the lock."""
        settings = self.settings
        deadline = time.monotonic() + patience
        while (pid := process.lock_holder(settings.pid_file)) == 0:  # it has not written its process id yet
            if time.monotonic() > deadline:
                raise self._failed("is being started and does not respond", 0)
            time.sleep(_POLL_SECONDS)
        if pid is None:
            return False
        say("Stopping the embedded AWS: it finishes running invocations and saves its state")
        workers.wait_until_quiet(settings.scratch_folder, deadline=deadline)
        if process.lock_holder(settings.pid_file) != pid:
            return True  # it has ended in the meantime
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        while process.lock_holder(settings.pid_file) is not None:
            if time.monotonic() > deadline:
                raise ZenoError(
                    f"The embedded AWS (process {pid}) is still busy after {patience:.0f} s; it continues to stop.",
                    next_step=f"Wait. Its log: {settings.log_file}. `kill -9 {pid}` loses unsaved state.",
                    code="local-still-stopping",
                )
            time.sleep(_POLL_SECONDS)
        process.reap()
        workers.end(settings.scratch_folder, patience=2.0)
        return True
