"""Why each action of the two roles is needed: proved where possible, explained elsewhere.

An action is named by its statement (Sid), since the same action on another resource is another permission.
"""

from __future__ import annotations

from tests.unit.stack.policy_files import OPTIONAL, ROLES, statements
from tests.unit.stack.rendered import as_list

#: Permissions that the functions use, but without which they work here as well.
SPARE = {
    "ReportMissingKeysAs404/s3:ListBucket": (
        "without it S3 answers 403 instead of 404 for a missing key, and a deleted photo would look denied "
        "(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html); the embedded AWS answers 404 either way"
    ),
}

#: Permissions that Lambda itself uses with the role, so that no call of ours shows the need; and the one call whose
#: denial the processor survives. The embedded AWS allows all of them. Proved by tests of the template.
HELD_BY_TEMPLATE = {
    "ConsumeQueues/sqs:ReceiveMessage": "the event source mapping polls with the role",
    "ConsumeQueues/sqs:DeleteMessage": "the event source mapping removes what was done",
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html names all three
    "ConsumeQueues/sqs:GetQueueAttributes": "the event source mapping reads the visibility timeout",
    "ConsumeQueues/sqs:ChangeMessageVisibility": "the processor makes a failed message come back sooner",
    "HandOverLargePhotos/sqs:SendMessage": "the processor sends what needs more memory to the large function",
    "SendDeadLetters/sqs:SendMessage": "the on-failure destination is written with the role",
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html; the embedded AWS asks for PutObject alone
    "TagCopies/s3:PutObjectTagging": "copies are stored with their tags",
    "WriteLogs/logs:CreateLogStream": "Lambda writes the function's log with its role",
    "WriteLogs/logs:PutLogEvents": "Lambda writes the function's log with its role",
}


def rights(file_name: str) -> list[str]:
    """Return ``Sid/action`` of everything that a role's policy grants."""
    return [
        f"{statement['Sid']}/{action}" for statement in statements(file_name) for action in as_list(statement["Action"])
    ]


#: (policy, permission) that calls of the functions need: without it, the pipeline breaks here.
ENFORCED = [
    (file_name, right)
    for file_name in (*ROLES, *OPTIONAL)
    for right in rights(file_name)
    if right not in SPARE and right not in HELD_BY_TEMPLATE
]
