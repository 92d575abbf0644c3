"""The recipe for copies made on this machine: the deployed one, read from the functions' own layer.

Without a stack (``[names]``) there is no deployed recipe, and the one in ``zenoimg.toml`` applies.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from zenoimg.config.load import CONFIG_FILE, Settings
from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.imaging import Limits
from zenoimg.imaging.formats.heif.availability import is_installed
from zenoimg.operations.configured import limits_of, recipe_of
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.listing import Query, from_table
from zenoimg.pipeline.calls.service import expected_owner, is_denied, is_missing, is_missing_bucket
from zenoimg.pipeline.recipes import AnyRecipe, fingerprints_of, recipe_for
from zenoimg.pipeline.verdict import limits_fingerprint
from zenoimg.stack.bundle.pillow import pillow_version_in
from zenoimg.stack.bundle.recipe import UnreadableLayerError, read_recipe_layer
from zenoimg.stack.outputs import read_stack
from zenoimg.suggest import suggest, suggest_install

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Source = Literal["deployed", "here"]

_READS = 3  # attempts to read a zip whose bytes do not match its name
_NEWEST = 100


@dataclass(frozen=True)
class EffectiveRecipe:
    """A recipe with its limits, and what the operator should know before using it.

    ``doubt`` is a reason to confirm it first; empty if there is none.
    """

    recipe: AnyRecipe
    limits: Limits
    notices: tuple[str, ...] = ()
    doubt: str = ""

    def current(self, pipeline: LivePipeline) -> Current:
        """Return the recipe and limits that decide about images in this process."""
        return _current(self.recipe, self.limits, pipeline.settings.headers_fingerprint)


def current_of(pipeline: LivePipeline, settings: Settings) -> Current:
    """Return the recipe and limits that the functions apply; without a stack, those of this process."""
    deployment, headers = pipeline.deployment, pipeline.settings.headers_fingerprint
    if deployment.recipe_fingerprint:
        carries_headers = deployment.copies_cache_control is not None
        rules = tuple(deployment.recipe_rules.items())
        of_copies = headers if carries_headers else ""
        return Current(deployment.recipe_fingerprint, deployment.limits_fingerprint, of_copies, rules)
    return _current(recipe_of(settings), limits_of(settings), headers)


def _current(recipe: AnyRecipe, limits: Limits, headers: str) -> Current:
    return Current(recipe.fingerprint, limits_fingerprint(limits), headers, tuple(fingerprints_of(recipe).items()))


def effective_recipe(pipeline: LivePipeline, settings: Settings, source: Source) -> EffectiveRecipe:
    """Return the recipe for work in this process: ``deployed``, or the one in ``zenoimg.toml``.

    Raises ``ConfigurationError`` for a deployed recipe that is missing, not readable with these permissions or not
    understood by this version; also what ``recipe_of`` raises.
    """
    if settings.names is not None:
        found = _without_stack(pipeline, settings)
    elif source == "here":
        found = _of_settings(pipeline, settings)
    else:
        found = _deployed(pipeline, settings)
    return found if is_installed() else _without_heic(found)


def _without_heic(found: EffectiveRecipe) -> EffectiveRecipe:
    """Return the recipe with HEIC off in its limits, so that other processes do not rely on a refusal made here."""
    if not found.limits.heic:
        return found
    notice = f"HEICs are refused here until pillow-heif is installed: {suggest_install('heic')}"
    return replace(found, limits=replace(found.limits, heic=False), notices=(*found.notices, notice))


def _without_stack(pipeline: LivePipeline, settings: Settings) -> EffectiveRecipe:
    recipe = recipe_of(settings)
    records = from_table(pipeline.catalog, Query(limit=_NEWEST), today=datetime.now(UTC).date()).records
    others = sum(
        record.status == "processed" and record.recipe != recipe_for(recipe, record.image_id).fingerprint
        for record in records
    )
    doubt = f"Copies of another recipe among the newest {_NEWEST} images: {others}. This one would replace them."
    notice = f"Without a stack, {_name(settings)} is used."
    return EffectiveRecipe(recipe, limits_of(settings), (notice,), doubt if others else "")


def _of_settings(pipeline: LivePipeline, settings: Settings) -> EffectiveRecipe:
    recipe = recipe_of(settings)
    notice = f"Using {_name(settings)}"
    if recipe.fingerprint != pipeline.deployment.recipe_fingerprint:
        notice += ", which is not the deployed one: copies made here are stale for the pipeline"
    return EffectiveRecipe(recipe, limits_of(settings), (f"{notice}.",))


def _deployed(pipeline: LivePipeline, settings: Settings) -> EffectiveRecipe:
    stack = read_stack(pipeline.aws.cloudformation, settings.stack)
    parameters = stack.parameters if stack else {}
    bucket, key = parameters.get("ArtifactsBucket", ""), parameters.get("RecipeKey", "")
    if not (bucket and key):
        raise ConfigurationError(
            f"the stack {settings.stack!r} does not name its recipe",
            next_step=f"Run `{suggest('deploy')}` with this version, or add --recipe here.",
            code="no-deployed-recipe",
        )
    owner = expected_owner(pipeline.settings.account_id)
    layer = _Layer(pipeline.aws.s3, bucket, owner)
    recipe, limits = _parse(layer.read(key), f"s3://{bucket}/{key}")
    notices = []
    if recipe.fingerprint != pipeline.deployment.recipe_fingerprint:
        notices.append(
            "This version of zenoimg draws or encodes differently from the deployed functions: copies made here are "
            "stale for the pipeline."
        )
    pillow = version("pillow")
    deployed_pillow = layer.pillow_version(parameters.get("PackagesKey", ""))
    if deployed_pillow not in ("", pillow):
        notices.append(
            f"Pillow {pillow} is installed here, {deployed_pillow} in the functions: copies may differ in their bytes."
        )
    return EffectiveRecipe(recipe, limits, tuple(notices))


def _parse(data: bytes, where: str) -> tuple[AnyRecipe, Limits]:
    try:
        return read_recipe_layer(data)
    except UnreadableLayerError as error:
        raise ConfigurationError(
            f"this version of zenoimg cannot read the deployed recipe ({where}): {error}",
            next_step=f"Use the version that deployed it, or run `{suggest('deploy')}` with this one.",
            code="unreadable-recipe",
        ) from error


class _Layer:
    """Layer zips in the artifacts bucket, named by the SHA-256 of their content."""

    def __init__(self, s3: S3Client, bucket: str, owner: dict[str, Any]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._owner = owner

    def read(self, key: str) -> bytes:
        for _ in range(_READS):
            data = self._get(key)
            if hashlib.sha256(data).hexdigest() == PurePosixPath(key).stem:
                return data
        raise ZenoError(
            f"s3://{self._bucket}/{key} does not match the hash in its name",
            next_step=f"Run `{suggest('deploy')}` again if that persists.",
            code="damaged-artifact",
        )

    def pillow_version(self, key: str) -> str:
        """Return the version of Pillow in a packages layer, empty if unknown; read only the zip's directory."""
        try:
            size = self._s3.head_object(Bucket=self._bucket, Key=key, **self._owner)["ContentLength"] if key else 0
            with zipfile.ZipFile(io.BufferedReader(_Ranges(self._get, key, size))) as archive:
                return pillow_version_in(archive.namelist())
        except (ConfigurationError, ClientError, zipfile.BadZipFile):
            return ""

    def _get(self, key: str, bounds: str = "") -> bytes:
        request = {"Range": bounds} if bounds else {}
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, **request, **self._owner)  # type: ignore[arg-type]
            return answer["Body"].read()
        except ClientError as error:
            if not (is_missing(error) or is_missing_bucket(error) or is_denied(error)):
                raise
            problem = "may not be read by these credentials" if is_denied(error) else "is missing"
            raise ConfigurationError(
                f"the deployed recipe s3://{self._bucket}/{key} {problem}",
                next_step=f"`{suggest('template', '--policy', 'operator')}` grants it; or add --recipe here."
                if is_denied(error)
                else f"Run `{suggest('deploy')}`, or add --recipe here.",
                code="no-deployed-recipe",
            ) from error


class _Ranges(io.RawIOBase):
    """An object in S3 as a seekable file that reads only the requested ranges."""

    def __init__(self, get: Any, key: str, size: int) -> None:
        self._get = get
        self._key = key
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data: bytes = self._get(self._key, f"bytes={self._at}-{end - 1}")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _name(settings: Settings) -> str:
    path = settings.file.path
    return f"the recipe of {path}" if path else f"the default recipe (there is no {CONFIG_FILE})"
