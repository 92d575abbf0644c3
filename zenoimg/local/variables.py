"""The environment variables that point an AWS SDK or the AWS CLI at the embedded AWS."""

from __future__ import annotations

from collections.abc import Mapping

from zenoimg.local.settings import ACCESS_KEY, HOST, REGION, SECRET_KEY, LocalSettings

# These override what client_variables() sets, invalidate it (a session token for other keys), or conflict with a custom
# endpoint (the FIPS and dual-stack switches). So do endpoints of individual services.
_FOREIGN = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
_PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def client_variables(settings: LocalSettings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set. If ``inherited`` names a proxy, the loopback address is excluded from it."""
    variables = {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if any(inherited.get(name) for name in _PROXIES):
        excepted = (inherited.get("no_proxy") or inherited.get("NO_PROXY") or "").split(",")
        hosts = [host for host in excepted if host and host != HOST]
        variables["NO_PROXY"] = variables["no_proxy"] = ",".join([*hosts, HOST])
    return variables


def foreign_variables(inherited: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of variables to unset, which would otherwise direct calls elsewhere."""
    single = sorted(name for name in inherited if name.startswith("AWS_ENDPOINT_URL_"))
    return (*_FOREIGN, *single)
