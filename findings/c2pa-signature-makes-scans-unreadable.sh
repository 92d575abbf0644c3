#!/usr/bin/env bash
# Signing a TIFF of several pages with C2PA adds a page without a picture: Pillow and sharp no longer read it, and c2pa says "Valid".
#
# Versions: c2pa-python 0.38.1 (c2pa-rs 0.91.3), Pillow 13.0.0, OpenCV 5.0.0 (opencv-python-headless 5.0.0.93), sharp 0.35.5 (npm).
#   Seen on 2026-11-29.
# Expected: signing adds a tag, as it does to a TIFF of one page, and the pages stay readable.
# Seen: from two pages on the manifest gets a directory of its own at the end of the chain, as newer versions of C2PA's specification
#   want it ("the only box present in the last IFD"). TIFF 6.0 has one directory for each picture: Pillow raises TypeError at n_frames
#   and at every copy of all pages, sharp "missing required ImageLength" at pages: -1, and OpenCV counts one page more.
# Concerns: who signs scans and fax documents: the first page opens as before, so that a test with one page or a preview shows nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    c2pa-python==0.38.1 cryptography==50.0.2 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import datetime
import json
import subprocess
from io import BytesIO

import c2pa
import cv2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

USAGES = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
USAGES += " encipher_only decipher_only"


def certificate(name: str, issuer: str, key, issuer_key, usage: str) -> x509.CertificateBuilder:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test")])

    now, builder = datetime.datetime.now(datetime.timezone.utc), x509.CertificateBuilder()
    builder = builder.subject_name(named(name)).issuer_name(named(issuer)).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
    builder = builder.add_extension(x509.BasicConstraints(usage == "key_cert_sign", None), True)
    builder = builder.add_extension(x509.KeyUsage(**{each: each == usage for each in USAGES.split()}), True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)


def signer() -> c2pa.Signer:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Root", "Root", root_key, root_key, "key_cert_sign").sign(root_key, hashes.SHA256())
    leaf = certificate("Leaf", "Root", key, root_key, "digital_signature")
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False).sign(root_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", leaf.public_bytes(pem) + root.public_bytes(pem), private, None))


def signed(scan: bytes) -> bytes:
    action = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}
    manifest = {"claim_generator_info": [{"name": "finding", "version": "1"}], "format": "image/tiff"}
    manifest["assertions"] = [{"label": "c2pa.actions", "data": {"actions": [action]}}]
    target = BytesIO()
    c2pa.Builder(json.dumps(manifest)).sign(signer(), "image/tiff", BytesIO(scan), target)
    state = json.loads(c2pa.Reader("image/tiff", BytesIO(target.getvalue())).json())["validation_state"]
    assert state == "Valid", state
    return target.getvalue()


def by_pillow(scan: bytes) -> str:
    try:
        Image.open(BytesIO(scan)).save(BytesIO(), "TIFF", save_all=True)
        return str(Image.open(BytesIO(scan)).n_frames)
    except TypeError as error:
        return f"TypeError: {error}"


def by_sharp(name: str) -> str:
    script = f'require("sharp")("{name}", {{pages: -1}}).toBuffer().then(() => console.log("read"), error => console.log(error.message))'
    return subprocess.run(["node", "-e", script], capture_output=True, check=True, text=True).stdout.partition("\n")[0]


pages, results = [Image.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue")], {}
for count in (1, 3):
    plain = BytesIO()
    pages[0].save(plain, "TIFF", save_all=True, append_images=pages[1:count])
    for name, scan in (("plain", plain.getvalue()), ("signed", signed(plain.getvalue()))):
        with open(f"{name}.tif", "wb") as file:
            file.write(scan)
        assert Image.open(f"{name}.tif").getpixel((0, 0)) == (255, 0, 0)
        results[name, count] = by_pillow(scan), by_sharp(f"{name}.tif"), cv2.imcount(f"{name}.tif")
        print(f"{name}, {count} pages: Pillow {results[name, count][0]}; sharp {results[name, count][1]}; OpenCV {results[name, count][2]}")

assert results["plain", 1] == results["signed", 1] == ("1", "read", 1)
assert results["plain", 3] == ("3", "read", 3)
pillow, sharp, opencv = results["signed", 3]
assert pillow == "TypeError: Missing dimensions" and "ImageLength" in sharp and opencv == 4, "signed pages are readable now"
PYTHON
