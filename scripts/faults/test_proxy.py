"""Checks how the proxy reads ZeroMQ's framing: cd scripts && python3 -m unittest faults.test_proxy"""
import io
import unittest

from faults.proxy import read_message


def messages(wire):
    stream = io.BytesIO(wire)
    while stream.tell() < len(wire):
        yield read_message(lambda count: bytearray(stream.read(count)))


class Framing(unittest.TestCase):
    short = b"\x01\x03abc" + b"\x00\x00"
    long = b"\x03" + (300).to_bytes(8, "big") + b"x" * 300 + b"\x00\x01z"
    command = b"\x04\x05\x04PING"

    def test_frames_until_one_has_no_more(self):
        first, command, last = messages(self.short + self.command + self.long)
        self.assertEqual([body for _, body in first.frames], [b"abc", b""])
        self.assertEqual([len(body) for _, body in last.frames], [300, 1])
        self.assertEqual([message.is_command for message in (first, command, last)], [False, True, False])

    def test_what_is_forwarded_is_what_came(self):
        wire = self.short + self.long + self.command
        self.assertEqual(b"".join(part for message in messages(wire) for part in message.wire), wire)

    def test_a_flipped_bit_lies_in_the_largest_body(self):
        (message,) = messages(self.long)
        message.flip(0.5, 1)
        self.assertEqual(message.largest, b"x" * 150 + b"z" + b"x" * 149)


if __name__ == "__main__":
    unittest.main()
