"""Metadata of maps: what is written is read back, and no bytes raise an unexpected error."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from tests.drawn.pictures import jpeg, photo
from tests.drawn.ultra_hdr import ISO, Gain, iso_segment, mpf, xmp_gain_segment
from zenoimg.imaging.formats.jpeg.gain_map.directory import MPF, Directory, directory_segment, read_directory
from zenoimg.imaging.formats.jpeg.gain_map.fields import xmp_values
from zenoimg.imaging.formats.jpeg.gain_map.metadata import (
    Channel,
    GainMapMetadata,
    UnknownMapError,
    iso_metadata,
    xmp_metadata,
)
from zenoimg.imaging.formats.jpeg.stream import APP2, JpegStream, Segment, read_stream

XMP = b"http://ns.adobe.com/xap/1.0/\0"
NUMBERS = some.tuples(
    some.floats(-8, 0), some.floats(0, 8), some.floats(0.25, 4), some.floats(0, 0.5), some.floats(0, 0.5)
)

CHANNELS = some.one_of(some.lists(NUMBERS, min_size=1, max_size=1), some.lists(NUMBERS, min_size=3, max_size=3))


def close(found: GainMapMetadata, channels: list[tuple[float, ...]]) -> bool:
    expected = [Channel(*channel) for channel in channels]
    pairs = zip(found.channels, expected, strict=True)
    names = ("low", "high", "gamma", "offset_sdr", "offset_hdr")
    return all(abs(getattr(one, name) - getattr(other, name)) < 1e-4 for one, other in pairs for name in names)


@given(
    some.one_of(some.lists(NUMBERS, min_size=1, max_size=1), some.lists(NUMBERS, min_size=3, max_size=3)),
    some.booleans(),
)
def test_iso_metadata_are_read_as_written(channels: list[tuple[float, ...]], common: bool) -> None:
    gain = Gain(*[list(column) for column in zip(*channels, strict=True)])
    _, payload = iso_segment(gain, common_denominator=common)
    assert close(iso_metadata(payload[len(ISO) :]), channels)


@given(NUMBERS, some.booleans())
def test_xmp_is_read_as_attributes_and_as_lists(channel: tuple[float, ...], as_lists: bool) -> None:
    _, payload = xmp_gain_segment(Gain(*[[number] for number in channel]), as_lists=as_lists)
    assert close(xmp_metadata(xmp_values(payload[len(XMP) :])), [channel])


def test_xmp_may_have_one_value_where_others_have_three() -> None:
    namespace = "http://ns.adobe.com/hdr-gain-map/1.0/"
    found = xmp_metadata({(namespace, "GainMapMax"): ["1", "2", "3"], (namespace, "Gamma"): ["0.5"]})
    assert [channel.high for channel in found.channels] == [1, 2, 3]
    assert {channel.gamma for channel in found.channels} == {0.5}


@given(some.binary(max_size=200))
@example(bytes(200))
def test_arbitrary_bytes_are_metadata_or_rejected(payload: bytes) -> None:
    with suppress(UnknownMapError):
        assert iso_metadata(payload).kind == "ISO 21496-1"


@given(some.binary(max_size=300))
def test_arbitrary_bytes_yield_a_packet_or_nothing(packet: bytes) -> None:
    assert isinstance(xmp_values(packet), dict)


def test_entities_are_not_expanded() -> None:
    assert xmp_values(b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>') == {}


@given(some.binary(max_size=120))
def test_arbitrary_bytes_yield_their_directory_or_a_plain_one(block: bytes) -> None:
    plain = read_stream(jpeg(photo((16, 16))))
    stream = JpegStream(**{**vars(plain), "segments": [Segment(APP2, MPF + block)]})
    assert read_directory(stream, 1).is_there


@pytest.mark.parametrize("order", "<>")
def test_a_directory_repeats_the_values_of_its_source(order: str) -> None:
    _, payload = mpf(order, [100, 50], [0, 200])
    plain = read_stream(jpeg(photo((16, 16)), [(0xE2, payload)]))
    found = read_directory(plain, 1)
    assert found == Directory(order, 0x030000, 0, is_there=True)
    assert directory_segment(found, 100, 200, 50).payload == payload


def test_iso_with_a_denominator_of_0_is_damaged() -> None:
    with pytest.raises(UnknownMapError, match="damaged"):
        iso_metadata(struct.pack(">HHB", 0, 0, 0x40) + bytes(200))
