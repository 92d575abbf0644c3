"""The import path of a function as laid out by AWS Lambda: its zip, the layers, and the packages of the runtime."""

from __future__ import annotations

import io
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path

from zenoimg.imaging import Limits, Recipe
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.functions import functions_zip
from zenoimg.stack.bundle.packages_installed import installed_packages_layer
from zenoimg.stack.bundle.recipe import recipe_layer

#: boto3 and its dependencies, which the runtime provides.
RUNTIME_MODULES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")

#: As set by the template, with made-up names; no call is made, so nothing needs to exist.
ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "ACCOUNT_ID": "123456789012",
    "ORIGINALS_BUCKET": "zeno-original-images",
    "PROCESSED_BUCKET": "zeno-processed-images",
    "TABLE_NAME": "zeno-images",
    "BACKFILL_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/zeno-backfill",
    "LOG_LEVEL": "INFO",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def assemble(folder: Path, *, heic: bool = False) -> list[str]:
    """Unpack what a deploy sends below a folder; return the import path, without this checkout."""
    unpack(functions_zip(), folder / "task")
    for layer in (installed_packages_layer(heic=heic), recipe_layer(Recipe(), Limits(heic=heic))):
        unpack(layer, folder / "opt")
    runtime = folder / "runtime"
    runtime.mkdir()
    for name in RUNTIME_MODULES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        (runtime / source.name).symlink_to(source)
    return [str(folder / "task"), str(folder / "opt" / "python"), str(runtime)]


def unpack(artifact: Artifact, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(artifact.data)) as archive:
        archive.extractall(folder)
    return folder
