"""Every key of ``zenoimg.toml``: its default, its allowed values, and the template parameter that it sets.

``load`` checks against this table, ``zenoimg init`` writes it out, ``zenoimg config`` shows the effective values. A
test compares its defaults with those of the template and of the imaging package.
"""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.config.checks import Check, Flag, OneOf, Real, Tags, Text, Value, Whole


@dataclass(frozen=True)
class Key:
    """One key. If its default is ``None``, it has an ``example`` of the syntax.

    ``former_name`` is still accepted in the file and as a variable, with a notice.
    """

    table: str
    name: str
    default: Value
    what: str
    check: Check
    parameter: str = ""
    example: Value = None
    former_name: str = ""

    @property
    def full_name(self) -> str:
        """Return ``processor.memory``."""
        return f"{self.table}.{self.name}" if self.table else self.name

    @property
    def variable(self) -> str:
        """Return the environment variable that overrides the file."""
        return self._variable(self.name)

    @property
    def former_variable(self) -> str:
        """Return the variable for the key's former name, empty if it has none."""
        return self._variable(self.former_name) if self.former_name else ""

    def _variable(self, name: str) -> str:
        parts = (name,) if self.table in ("", "names") else (self.table, name)
        return f"ZENOIMG_{'_'.join(parts)}".upper()

    def parameter_value(self, value: Value) -> str:
        """Return a value in the form that the template parameter expects."""
        if isinstance(value, bool):
            return str(value).lower()
        return self.check.choices[value] if isinstance(self.check, OneOf) else str(value)  # type: ignore[index]


def _same(*values: str | int) -> OneOf:
    return OneOf({value: str(value) for value in values})


#: Retention periods that CloudWatch Logs accepts, in days
#: (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
# fmt: off
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on
#: The storage classes from which photos can be read immediately, stored in several availability zones
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html).
STORAGE_CLASSES = ("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR")
_ANCHORS = ("top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right", "tile")
_MOST = 2**40
_EMAIL = Text("an e-mail address, or empty for none", r"|[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")

_BUS = Text("the name of an event bus", r"[A-Za-z0-9_./-]{1,256}")
_POLICY_ARN = Text("the ARN of an IAM policy, or empty for none", r"|arn:[\w-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")
_KEY_ARN = Text("the ARN of a KMS key (not of an alias), or empty", r"|arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+")

#: In the order used by ``zenoimg init`` and ``zenoimg config``.
KEYS: tuple[Key, ...] = (
    Key("", "stack", "zeno", "Name of the stack; the other names begin with it", Text()),
    Key("", "region", None, "AWS region (default: that of the AWS profile)", Text(), example="eu-west-1"),
    Key("", "profile", None, "AWS profile (default: AWS's own chain)", Text(), example="photos"),
    Key("watermark", "text", "© zeno", "Text of the mark; may name {creator}, {copyright}, {year}, {key}", Text()),
    Key("watermark", "text_default", None, "Text for pictures that lack a field in `text`", Text(), example="© zeno"),
    Key("watermark", "logo", None, "PNG file instead of a text, relative to this file", Text(), example="logo.png"),
    Key("watermark", "position", "bottom-right", "tile, center, top, left, top-left …", _same(*_ANCHORS)),
    Key("watermark", "scale", 0.06, "Font size or logo width, as a share of the shorter side", Real(0.005, 1.0)),
    Key("watermark", "margin", 0.03, "Distance from the edges, as a share of the shorter side", Real(0.0, 0.4)),
    Key("watermark", "opacity", 0.6, "0.01 to 1; 1 is opaque", Real(0.01, 1.0)),
    Key("watermark", "color", "#ffffff", "Text colour (sRGB): #rrggbb, #rgb or a CSS name", Text()),
    Key("watermark", "outline", "#000000", 'Colour of the outline, or "none"', Text()),
    Key("watermark", "angle", 0.0, "Degrees, counter-clockwise", Real(-360.0, 360.0)),
    Key("watermark", "font", None, "TrueType or OpenType file, relative to this file", Text(), example="font.ttf"),
    Key("watermark", "too_small", "refuse", "Pictures too small for a mark: refuse, or copy unmarked",
        _same("refuse", "copy")),
    Key("metadata", "policy", "keep-no-location", "keep-no-location, keep-no-gps, keep or strip: EXIF, XMP, IPTC",
        _same("keep-no-location", "keep-no-gps", "keep", "strip")),
    Key("metadata", "copyright", None, "Copyright notice in copies", Text(), example="© 2026 Example Ltd"),
    Key("metadata", "creator", None, "Photographer named in copies", Text(), example="A. Author"),
    Key("metadata", "credit", None, "Credit line in copies", Text(), example="A. Author / Example"),
    Key("metadata", "usage_terms", None, "Usage terms in copies", Text(), example="Editorial use only."),
    Key("metadata", "licensor_url", None, "Where to obtain a licence", Text(), example="https://example.com/licence"),
    Key("metadata", "overwrite", False, "Whether these replace the statements in an original", Flag()),
    Key("metadata", "strip", "all-but-rights", "What `strip` removes: all-but-rights, or all",
        _same("all-but-rights", "all")),
    Key("encoder", "jpeg_quality", "source", "1 to 100, or source: the original's tables", Whole(1, 100, "source")),
    Key("encoder", "png_compression", 6, "zlib compression level, 0 to 9", Whole(0, 9)),
    Key("encoder", "webp_quality", 90, "Quality of lossy WebP, 0 to 100", Whole(0, 100)),
    Key("encoder", "webp_lossless_effort", 25, "0 to 100; more is slower and smaller", Whole(0, 100)),
    Key("encoder", "avif_quality", "source", "0 to 100, or source: near the original's own", Whole(0, 100, "source")),
    Key("encoder", "avif_speed", "auto", "0 (slowest) to 10, or auto: by the picture's size", Whole(0, 10, "auto")),
    Key("encoder", "heic_jpeg_quality", 92, "Quality of the JPEGs made from HEICs, 1 to 100", Whole(1, 100)),
    Key("output", "hdr", "keep", "HDR gain maps in JPEGs: keep or drop", _same("keep", "drop")),
    Key("formats", "heic", None, "Whether HEIC is accepted (default: whether pillow-heif is installed)", Flag(),
        example=True),
    Key("copies", "cache_control", "", "Cache-Control of all copies; empty: that of each original",
        Text("printable ASCII, at most 256 characters", r"[ -~]{0,256}"), "CopiesCacheControl", "public, max-age=3600"),
    Key("copies", "tags", False, "Whether copies get the object tags of their originals; one more request for each",
        Flag(), "CopiesTags"),
    Key("copies", "storage_class", "STANDARD", "S3 storage class of new copies; see originals.storage_class",
        _same(*STORAGE_CLASSES), "CopiesStorageClass"),
    Key("limits", "max_bytes", 100_000_000, "Bytes of an original; larger ones are refused", Whole(1, _MOST)),
    Key("limits", "max_pixels", 100_000_000, "Pixels of a frame or page", Whole(1, _MOST)),
    Key("limits", "max_frames", 1_000, "Frames or pages", Whole(1, _MOST)),
    Key("limits", "max_total_pixels", 400_000_000, "Pixels of all frames together", Whole(1, _MOST),
        former_name="max_frame_pixels"),
    Key("limits", "max_memory", None, "Bytes of memory for one image (default: 0.7 of the larger function's)",
        Whole(1, _MOST), example=2_000_000_000),
    Key("processor", "memory", 1769, "Memory of the watermarking function in MB, 512 to 10240", Whole(512, 10240),
        "ProcessorMemory"),
    Key("processor", "large_memory", 3008, "Memory in MB of the function for photos too large for the other; 0: none",
        Whole(0, 10240), "ProcessorLargeMemory"),
    Key("processor", "max_concurrency", 0, "Maximum photos at a time (reserved concurrency); 0: no limit",
        Whole(0, 10000), "ProcessorMaxConcurrency"),
    Key("processor", "timeout", 300, "Seconds, 30 to 900", Whole(30, 900), "ProcessorTimeout"),
    Key("processor", "retries", 2, "Retries of a new photo, 0 to 2", Whole(0, 2), "LiveRetries"),
    Key("processor", "architecture", "arm64", "arm64 or x86_64", _same("arm64", "x86_64"), "Architecture"),
    Key("backfill", "concurrency", 5, "Photos that reprocess processes in parallel, 2 to 1000", Whole(2, 1000)),
    Key("backfill", "tries", 5, "Attempts before a photo is a dead letter", Whole(1, 1000), "BackfillTries"),
    Key("backfill", "first_retry", 30, "Seconds before the first retry; doubles with each retry", Whole(0, 43200),
        "BackfillFirstRetry"),
    Key("originals", "noncurrent_days", 30, "Days to keep replaced and deleted originals", Whole(1, 36500),
        "NoncurrentVersionDays"),
    Key("originals", "storage_class", "STANDARD", "S3 class: STANDARD, STANDARD_IA, INTELLIGENT_TIERING, GLACIER_IR",
        _same(*STORAGE_CLASSES), "OriginalsStorageClass"),
    Key("originals", "transition_days", 30, "Days until originals move to that class; 0: upload uses it directly",
        Whole(0, 36500), "OriginalsTransitionDays"),
    Key("api", "auth", "iam", "iam (signed requests), or none (GET /images is open to everyone)",
        OneOf({"iam": "AWS_IAM", "none": "NONE"}), "ApiAuthorization"),
    Key("api", "rate_limit", 20, "Requests per second (default for an open API: 2)", Whole(1, 10000), "ApiRateLimit"),
    Key("api", "burst_limit", 40, "Concurrent requests in a burst (open API: 4)", Whole(1, 5000), "ApiBurstLimit"),
    Key("logs", "retention_days", 30, "Days to keep logs: 1, 3, 5, 7, 14, 30, 60, 90, 120 … (AWS's values)",
        _same(*RETENTION_DAYS), "LogRetentionDays"),
    Key("logs", "level", "INFO", "DEBUG, INFO, WARNING or ERROR", _same("DEBUG", "INFO", "WARNING", "ERROR"),
        "LogLevel"),
    Key("alarms", "email", "", "E-mail address for alarms; SNS asks it to confirm first", _EMAIL, "AlarmEmail",
        "ops@example.com"),
    Key("events", "enabled", False, "Whether to send events to EventBridge for processed, refused and removed images",
        Flag(), "EventsEnabled"),
    Key("events", "bus", "default", "Event bus that receives them, in the same account and region", _BUS, "EventsBus"),
    Key("aws", "tags", "", "Tags for everything that deploy creates", Tags(), example="team=photos, cost-center=42"),
    Key("aws", "permissions_boundary", "", "ARN of the permissions boundary for the functions' roles", _POLICY_ARN,
        "PermissionsBoundary", "arn:aws:iam::123456789012:policy/boundary"),
    Key("aws", "kms_key", "", "ARN of the KMS key of both buckets (default: S3's own keys)", _KEY_ARN, "KmsKey",
        "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    Key("names", "originals_bucket", None, "Only for a pipeline without a stack: set all three", Text(),
        example="my-originals"),
    Key("names", "processed_bucket", None, "", Text(), example="my-copies"),
    Key("names", "table", None, "", Text(), example="my-images"),
)  # fmt: skip

#: The tables of ``zenoimg.toml`` that make up the recipe; ``zenoimg.imaging`` checks them completely.
RECIPE_TABLES = ("watermark", "metadata", "encoder", "output")


def of_table(table: str) -> dict[str, Key]:
    """Return the keys in a table by name; ``""`` is the top level."""
    return {key.name: key for key in KEYS if key.table == table}


def tables() -> tuple[str, ...]:
    """Return the tables in order."""
    return tuple(dict.fromkeys(key.table for key in KEYS if key.table))
