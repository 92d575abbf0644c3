"""The embedded AWS: an unmodified ministack, run as a child process on its own loopback port.

``embedded``   start, stop, checkpoint, reset
``settings``   home folder and port
``status``     state, version, size, health
``child``      the child process: environment and launch; ``server`` is its program
``process``    the lock of the live server, exclusive access, exit statuses
``folder``     the home folder: ownership, port, log
``ports``      whether a port is free
``workers``    the function workers that the server starts
``variables``  environment variables for an SDK or the AWS CLI

Nothing here needs boto3, and only the child imports ministack, so importing this package is cheap.
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
