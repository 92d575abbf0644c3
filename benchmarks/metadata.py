"""Measure what keeping metadata costs: ``python -m benchmarks.metadata [--rounds N] [PHOTO...]``.

The walk over all blocks of metadata, search for pictures included, against the floor (Pillow decode + encode) of the
same JPEG, in processor time of one thread, in turns. The drawn one has 12 MP and 150 KB of metadata of all kinds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from tests.drawn import pictures
from zenoimg.imaging.formats.jpeg.metadata import kept_segments
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.metadata.keeper import Keeper

TARGET = 0.02
"""The most that the walk may cost, of decoding and encoding a JPEG of 12 MP."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path, help="JPEG files besides the drawn one")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    files = {"drawn 12 MP": drawn()} | {path.name: path.read_bytes() for path in arguments.photos}
    worst = max(compare(name, data, arguments.rounds) for name, data in files.items())
    verdict = "within" if worst <= TARGET else "ABOVE"
    print(f"\nMost, relative to the floor: {worst:.2%}, {verdict} the target of {TARGET:.0%}")


def drawn() -> bytes:
    """Draw a JPEG of 12 MP whose EXIF, XMP, IPTC, profile and unknown segments are as large as editors make them."""
    thumbnail = pictures.jpeg(pictures.photo((160, 120)))
    history = "".join(f'<rdf:li rdf:parseType="Resource"><dc:id>{index:040x}</dc:id></rdf:li>' for index in range(200))
    packet = pictures.xmp('exif:GPSLatitude="48,51N"', f"<dc:history><rdf:Seq>{history}</rdf:Seq></dc:history>")
    datasets = pictures.iptc((80, b"A. Author"), (90, b"Paris"), *[(25, b"keyword")] * 50)
    segments = [
        pictures.exif_segment(pictures.exif(6, gps=True, maker_note=True, thumbnail=thumbnail) + bytes(30_000)),
        pictures.xmp_segment(packet),
        pictures.icc_segment(pictures.icc_profile()),
        pictures.photoshop_segment(pictures.resource(0x0404, datasets) + pictures.resource(0x040C, thumbnail)),
        (0xE5, bytes(range(256)) * 250),
    ]
    return pictures.jpeg(pictures.photo((4000, 3000)), segments, quality=90)


def compare(name: str, data: bytes, rounds: int) -> float:
    """Measure one picture and print its line; return the cost relative to the floor's."""
    stream = read_stream(data)

    def floor() -> None:
        with Image.open(BytesIO(data)) as picture:
            picture.save(BytesIO(), "JPEG", qtables=picture.quantization, subsampling=get_sampling(picture))  # type: ignore[attr-defined]

    def walk() -> None:
        kept_segments(stream, Keeper("keep-no-location"))

    times = [(_seconds(walk), _seconds(floor)) for _ in range(rounds)]
    mine, its = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
    carried = sum(len(segment.encoded) for segment in stream.segments if segment.is_metadata)
    ratio = float(mine / its)
    print(f"{name:24} {carried:9,} bytes of metadata: {mine:6.2f} ms, floor {its:6.1f} ms, {ratio:.2%}")
    return ratio


def _seconds(run: Callable[[], None]) -> float:
    start = time.thread_time()
    run()
    return time.thread_time() - start


if __name__ == "__main__":
    main()
