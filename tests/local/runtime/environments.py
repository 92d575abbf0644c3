"""Execution environments as created by Lambda: the deployed zips unpacked, the function's variables, awslambdaric."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local.bench import Bench
from tests.local.runtime.runtime_api import Answer, RuntimeApi
from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY
from zenoimg.operations.logs.follow import LogEvent
from zenoimg.operations.logs.lines import LogLine, understand


@dataclass(frozen=True)
class Deployed:
    """A deployed stack whose functions are run here: ``task`` and ``opt`` are its unpacked zips."""

    bench: Bench
    task: Path
    opt: Path

    def configuration(self, function: str) -> dict[str, Any]:
        configuration: dict[str, Any] = self.bench.client("lambda").get_function_configuration(FunctionName=function)
        return configuration

    @contextmanager
    def environment(
        self,
        function: str,
        *,
        handler: str = "",
        changes: Mapping[str, str | None] | None = None,
        layers: bool = True,
    ) -> Iterator[Environment]:
        """Run a function's environment until the context ends; ``changes`` sets or removes (``None``) variables."""
        configuration = self.configuration(function)
        with RuntimeApi() as api:
            variables: dict[str, str | None] = {
                "PATH": os.environ["PATH"],
                "TZ": ":UTC",
                "LANG": "en_US.UTF-8",
                "PYTHONPATH": os.pathsep.join([str(self.task), *([str(self.opt / "python")] if layers else [])]),
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_LAMBDA_FUNCTION_NAME": function,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
                "LAMBDA_TASK_ROOT": str(self.task),
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_ENDPOINT_URL": self.bench.embedded.settings.endpoint_url,
                **configuration["Environment"]["Variables"],
                **(changes or {}),
            }
            log = self.task.with_name(f"{api.address.rpartition(':')[2]}.log")
            frames = log.with_suffix(".frames")
            with log.open("wb") as output, frames.open("wb") as framed:
                variables["_LAMBDA_TELEMETRY_LOG_FD"] = str(framed.fileno())
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "awslambdaric", handler or configuration["Handler"]],
                    cwd=self.task,
                    env={name: value for name, value in variables.items() if value is not None},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[framed.fileno()],
                )
            try:
                yield Environment(api, process, log, frames)
            finally:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class Environment:
    """One running execution environment; the runtime's own log events go to ``frames``, other output to ``log``."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    log: Path
    frames: Path

    def invoke(self, event: Any, *, seconds: float = 60.0) -> Answer:
        return self.api.invoke(event, seconds=seconds)

    def log_lines(self) -> list[LogLine]:
        """Return the log events, parsed, as they appear in CloudWatch: the output's first, then the runtime's."""
        texts = [*self.log.read_text().splitlines(), *_messages(self.frames.read_bytes())]
        return [understand(LogEvent("f", number, "s", text)) for number, text in enumerate(texts)]

    def response(self, event: Any) -> Any:
        """Invoke it and return the response, which must not be an error."""
        answer = self.invoke(event)
        assert answer.kind == "response", f"{answer.body}\n{self.log.read_text()}"
        return answer.body

    def error(self, event: Any, *, seconds: float = 60.0) -> str:
        """Invoke it and return the type and the message of the error that it must report."""
        answer = self.invoke(event, seconds=seconds)
        assert answer.kind == "error", answer.body
        return f"{answer.body['errorType']}: {answer.body['errorMessage']}"


def _messages(data: bytes) -> Iterator[str]:
    """Yield the messages of the runtime's framed log: type, length, timestamp (4, 4 and 8 bytes), text."""
    while data:
        length = int.from_bytes(data[4:8], "big")
        yield data[16 : 16 + length].decode()
        data = data[16 + length :]


def unpack(bench: Bench, folder: Path) -> Deployed:
    """Unpack the very zips of the deployed stack, which its parameters name, as Lambda does."""
    (stack,) = bench.client("cloudformation").describe_stacks(StackName="zeno")["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    deployed = Deployed(bench, folder / "task", folder / "opt")
    for key, target in (("FunctionsKey", deployed.task), ("PackagesKey", deployed.opt), ("RecipeKey", deployed.opt)):
        answer = bench.client("s3").get_object(Bucket=parameters["ArtifactsBucket"], Key=parameters[key])
        data = answer["Body"].read()
        assert hashlib.sha256(data).hexdigest() == Path(parameters[key]).stem, "the zip is named by its content"
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(target)
    return deployed
