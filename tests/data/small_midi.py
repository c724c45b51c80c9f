"""MIDI files byte by byte, as the standard has them, whole ones and others."""

from __future__ import annotations

END = b"\x00\xff\x2f\x00"
"""The end of a track."""


def time(ticks: int) -> bytes:
    """A number of ticks in seven bits a byte."""
    parts = [ticks & 0x7F]
    while ticks := ticks >> 7:
        parts.append(ticks & 0x7F | 0x80)
    return bytes(reversed(parts))


def on(ticks: int, pitch: int, velocity: int = 64, channel: int = 0) -> bytes:
    return time(ticks) + bytes([0x90 | channel, pitch, velocity])


def off(ticks: int, pitch: int, channel: int = 0) -> bytes:
    return time(ticks) + bytes([0x80 | channel, pitch, 0])


def pedal(ticks: int, value: int, channel: int = 0) -> bytes:
    return time(ticks) + bytes([0xB0 | channel, 64, value])


def meta(ticks: int, kind: int, data: bytes) -> bytes:
    return time(ticks) + bytes([0xFF, kind]) + time(len(data)) + data


def tempo(ticks: int, microseconds: int) -> bytes:
    return meta(ticks, 0x51, microseconds.to_bytes(3, "big"))


def track(*events: bytes) -> bytes:
    content = b"".join(events) + END
    return b"MTrk" + len(content).to_bytes(4, "big") + content


def midi(*tracks: bytes, form: int = 1, division: int = 96, count: int | None = None) -> bytes:
    head = (form, len(tracks) if count is None else count, division & 0xFFFF)
    return b"MThd\x00\x00\x00\x06" + b"".join(part.to_bytes(2, "big") for part in head) + b"".join(tracks)
