"""URLs in the AWS console."""

from __future__ import annotations

from urllib.parse import quote

from zenoimg.aws.session import Aws
from zenoimg.stack.outputs import Deployment

#: Partition → domain of its console; a partition whose console is not publicly documented has none here
#: (https://docs.aws.amazon.com/general/latest/gr/sign-in.html, https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/using-govcloud-endpoints.html,
#: https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html).
_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def dashboard_url(aws: Aws, deployment: Deployment) -> str:
    """Return the URL of the stack's dashboard; empty if there is none or its console is not known."""
    domain = _DOMAINS.get(aws.identity.partition)
    if aws.local or not deployment.dashboard or domain is None:
        return ""
    region, name = quote(aws.region, safe=""), quote(deployment.dashboard, safe="")
    return f"https://{domain}/cloudwatch/home?region={region}#dashboards/dashboard/{name}"
