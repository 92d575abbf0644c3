#!/usr/bin/env bash
# Signing an Ultra HDR photo with C2PA ends its HDR in Chromium, and the signature that says "Valid" forbids to repair it.
#
# Versions: c2pa-python 0.38.1 (c2pa-rs 0.91.3), libultrahdr 1.4.0 (imagecodecs 2026.3.6), Chromium 156.0 (Debian's package, needs
#   apt), Playwright 1.64. Seen on 2026-11-29.
# Expected: signing adds APP11 segments to a JPEG, and the signed photo shows as before; a reader that finds all in order says so.
# Seen: the segments go between the MPF index and the gain map, and the index keeps its old offset (CIPA DC-007 counts it from the
#   index itself): Chromium finds no map and shows standard range, while c2pa reads "Valid". With the offset corrected HDR is back and
#   the state is "Invalid" (assertion.dataHash.mismatch), so whoever did not sign the photo cannot repair it.
# Concerns: photos whose index comes first, as libultrahdr 1.4 writes them; with the index behind the other segments nothing moves.
set -euo pipefail
command -v chromium >/dev/null || { echo "needs chromium: apt-get install chromium"; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  c2pa-python==0.38.1 cryptography==50.0.2 imagecodecs==2026.3.6 numpy==2.4.6 playwright==1.64.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import base64
import datetime
import json
import shutil
import struct
from io import BytesIO

import c2pa
import imagecodecs
import numpy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from playwright.sync_api import sync_playwright

LEVEL = """async url => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const drawing = document.createElement("canvas").getContext("2d", {colorSpace: "rec2100-hlg", colorType: "float16"});
    drawing.drawImage(picture, 0, 0);
    return drawing.getImageData(4, 4, 1, 1, {colorSpace: "rec2100-hlg", pixelFormat: "rgba-float16"}).data[0];
}"""
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


def signed(photo: bytes) -> bytes:
    action = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}
    manifest = {"claim_generator_info": [{"name": "finding", "version": "1"}], "format": "image/jpeg"}
    manifest["assertions"] = [{"label": "c2pa.actions", "data": {"actions": [action]}}]
    out = BytesIO()
    c2pa.Builder(json.dumps(manifest)).sign(signer(), "image/jpeg", BytesIO(photo), out)
    return out.getvalue()


def corrected(photo: bytes) -> bytes:
    """Return the photo with the offset of the second picture in its MPF index (entry 2 at byte 66) pointing at its last picture."""
    index = photo.index(b"MPF\0MM\0*") + 4
    entries = index + struct.unpack(">I", photo[photo.index(b"\xb0\x02", index) + 8 :][:4])[0]
    gain_map = photo.rindex(b"\xff\xd8\xff")
    return photo[: entries + 24] + struct.pack(">I", gain_map - index) + photo[entries + 28 :]


def state(photo: bytes) -> tuple[str, list[str]]:
    read = json.loads(c2pa.Reader("image/jpeg", BytesIO(photo)).json())
    return read["validation_state"], [each["code"] for each in read.get("validation_status", [])]


linear = numpy.full((240, 320, 4), 0.2, numpy.float16)
linear[:, 160:, :3] = 4.0
linear[..., 3] = 1
source = imagecodecs.ultrahdr_encode(linear)
copy = signed(source)
files = {"source": source, "signed": copy, "signed, offset corrected": corrected(copy)}
arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-color-profile=hdr10"]
arguments.append("--enable-experimental-web-platform-features")
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    page = browser.new_page()
    levels = {name: page.evaluate(LEVEL, "data:image/jpeg;base64," + base64.b64encode(data).decode()) for name, data in files.items()}
    print(f"Chromium {browser.version}: {levels}")
    browser.close()
before, after = state(copy), state(files["signed, offset corrected"])
print("signed:", *before)
print("signed, offset corrected:", *after)

assert levels["source"] == levels["signed, offset corrected"]
assert before[0] == "Valid" and after[0] == "Invalid" and "assertion.dataHash.mismatch" in after[1]
assert abs(levels["signed"] - levels["source"]) > 0.05, "the signed photo keeps its HDR now"
PYTHON
