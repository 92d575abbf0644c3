"""The embedded AWS: an unmodified ministack, run as a child process on a loopback port of its own.

Nothing here needs boto3, and ministack is imported by the child alone, so importing this package is cheap.
"""

from zenoimg.local.embedded import EmbeddedAws
from zenoimg.local.settings import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, LocalSettings
from zenoimg.local.status import LocalState, LocalStatus

__all__ = [
    "ACCESS_KEY",
    "ACCOUNT",
    "REGION",
    "SECRET_KEY",
    "EmbeddedAws",
    "LocalSettings",
    "LocalState",
    "LocalStatus",
]
