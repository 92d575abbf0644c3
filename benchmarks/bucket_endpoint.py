"""Computed buckets and a table of any size: ``python -m benchmarks.bucket_endpoint ORIGINALS``.

Every object and record is computed from its number, so that only the client is measured. Answers ListObjectsV2 for both
buckets, BatchGetItem and Scan for the table like AWS. Every hundredth original has neither copy nor record. Prints its
port, and ends when its standard input is closed.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ORIGINALS, PROCESSED, TABLE = "in-bucket", "out-bucket", "records"
LOST_EACH = 100
_PAGE = 1000
_TIME = "2025-06-12T15:25:14"


def key_of(number: int) -> str:
    return f"{number:09}.jpg"


def listing(bucket: str, total: int, token: str) -> bytes:
    """Return one page of a bucket; the token is the number to continue from."""
    start = int(token or 0)
    numbers = range(start, min(start + _PAGE, total))
    copies = bucket == PROCESSED
    prefix = "processed/" if copies else ""
    objects = "".join(
        f"<Contents><Key>{prefix}{key_of(number)}</Key><LastModified>{_TIME}.000Z</LastModified>"
        f"<ETag>&quot;{number:032x}&quot;</ETag><Size>20000</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for number in numbers
        if not copies or number % LOST_EACH
    )
    more = numbers.stop < total
    rest = f"<NextContinuationToken>{numbers.stop}</NextContinuationToken>" if more else ""
    head = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    return f"{head}<IsTruncated>{str(more).lower()}</IsTruncated>{rest}{objects}</ListBucketResult>".encode()


def item(number: int) -> dict[str, Any]:
    texts = {
        "ImageId": key_of(number),
        "CreatedAt": f"{_TIME}Z",
        "UpdatedAt": f"{_TIME}Z",
        "Status": "processed",
        "ETag": f"{number:032x}",
        "VersionId": f"{number:032x}",
        "Recipe": "0123456789abcdef",
    }
    return {name: {"S": text} for name, text in texts.items()} | {
        "OriginalSize": {"N": "20000"},
        "ProcessedSize": {"N": "20100"},
        "DurationMs": {"N": "40"},
    }


def table(operation: str, request: dict[str, Any], total: int) -> bytes:
    if operation == "BatchGetItem":
        asked = (int(key["ImageId"]["S"][:9]) for key in request["RequestItems"][TABLE]["Keys"])
        found = [item(number) for number in asked if number < total and number % LOST_EACH]
        return json.dumps({"Responses": {TABLE: found}, "UnprocessedKeys": {}}).encode()
    step, first = request.get("TotalSegments", 1), request.get("Segment", 0)
    after = request.get("ExclusiveStartKey")
    start = int(after["ImageId"]["S"][:9]) + step if after else first
    numbers = range(start, total, step)[: request.get("Limit", 1000)]
    answer: dict[str, Any] = {"Items": [item(number) for number in numbers if number % LOST_EACH]}
    answer |= {"Count": len(answer["Items"]), "ScannedCount": len(numbers)}
    if numbers and numbers[-1] + step < total:
        answer["LastEvaluatedKey"] = {"ImageId": {"S": key_of(numbers[-1])}}
    return json.dumps(answer).encode()


def main() -> None:
    total = int(sys.argv[1])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            token = parse_qs(address.query).get("continuation-token", [""])[0]
            self._answer(listing(address.path.strip("/"), total, token), "application/xml")

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            self._answer(table(operation, request, total), "application/x-amz-json-1.0")

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
