"""Run cfn-lint on the template as deployed: rendered, with the default names and with qualified ones."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render, to_text


def main() -> int:
    seed = StackNames("zeno")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, names in enumerate((seed, StackNames("acme").qualified("123456789012", "eu-west-1"))):
            path = Path(folder, f"template-{number}.json")
            path.write_text(to_text(render(names)), encoding="utf-8")
            paths.append(str(path))
        command = [str(Path(sys.executable).with_name("cfn-lint")), "--non-zero-exit-code", "informational"]
        return subprocess.run([*command, "--regions", "eu-west-1", "us-east-1", "--", *paths], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
