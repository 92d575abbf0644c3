#!/usr/bin/env bash
# s3fs's rm("photo[1].jpg") deletes photo1.jpg, leaves photo[1].jpg where it is, and says nothing.
#
# Versions: s3fs and fsspec 2026.9.0, moto 5.2.5 for S3. Seen on 2026-11-29.
# Expected: a path that exists() confirms, and that ls() returned, is that object. rm documents its path as "Files or directories to
#   delete", and of patterns only get speaks; brackets are ordinary characters of keys.
# Seen: rm, mv, copy, get and cat read the path as a pattern, in which [1] is the character 1, and take photo1.jpg; exists and open take
#   the path as it is. Without a photo1.jpg they raise FileNotFoundError for the object that exists. rm_file, cp_file, get_file and
#   cat_file take the key as it is.
# Concerns: who walks ls() or find() and deletes, moves or fetches what it returns; some browsers number downloads photo[1].jpg.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    s3fs==2026.9.0 fsspec==2026.9.0 aiobotocore==3.10.0 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.2
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import logging
from collections.abc import Callable

import s3fs
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
s3 = s3fs.S3FileSystem(endpoint_url=f"http://127.0.0.1:{port}", use_listings_cache=False)
s3.mkdir("photos")
BRACKETS = "photos/photo[1].jpg"


def after(act: Callable[[str], object]) -> tuple[object, list[str]]:
    """Return what the act on the path with brackets returned, and the keys afterwards."""
    for key in s3.find("photos"):
        s3.rm_file(key)
    for key in (BRACKETS, "photos/photo1.jpg"):
        s3.pipe_file(key, key.encode())
    assert s3.exists(BRACKETS) and BRACKETS in s3.ls("photos")
    return act(BRACKETS), s3.find("photos")


_, removed = after(s3.rm)
_, moved = after(lambda path: s3.mv(path, "photos/archive/"))
read, _ = after(s3.cat)
opened, _ = after(lambda path: s3.open(path).read())
_, one = after(s3.rm_file)
server.stop()
print(f"after rm({BRACKETS!r}): {removed}")
print(f"after mv({BRACKETS!r}, 'photos/archive/'): {moved}")
print(f"cat({BRACKETS!r}): {read}, open: {opened}")

assert opened == BRACKETS.encode() and one == ["photos/photo1.jpg"]
assert moved == ["photos/archive/photo1.jpg", BRACKETS], "mv moves the object that it was given now"
assert read == {"photos/photo1.jpg": b"photos/photo1.jpg"}, "cat reads the object that it was given now"
assert removed == [BRACKETS], "rm deletes the object that it was given now"
PYTHON
