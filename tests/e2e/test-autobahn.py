#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the Autobahn|Testsuite asks of a server, against `Consumer=echo`, byte by byte.

    test-autobahn.py CHANNELSD CHANNELSCTL

One test a case, with the suite's numbers: groups 1 to 7 (framing, pings, reserved bits, opcodes,
fragments, UTF-8, closing), 9 and 10 (sizes). Text that is not UTF-8 may be found at the end of its
message, which the suite calls non-strict, and allows.
"""

import socket
import struct

import e2e
from wsclient import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, make_frame

KIBIBYTE = 1 << 10
MEBIBYTE = 1 << 20

NORMAL, PROTOCOL_ERROR, NOT_UTF8 = 1000, 1002, 1007

HELLO = 'Hello-µ@ßöäüàá-UTF-8!!'.encode()
KOSME = b'\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5'


def frame(*arguments, **options):
    return [make_frame(*arguments, **options)]


def closing(code, reason=b''):
    """A close frame."""
    return frame(CLOSE, struct.pack('>H', code) + reason)


def fragments(opcode, *payloads, between=()):
    """A message in frames, with frames between any two of them."""
    frames = []
    for i, payload in enumerate(payloads):
        last = i == len(payloads) - 1
        frames += frame(CONTINUATION if i else opcode, payload, fin=last)
        frames += [] if last else between
    return frames


def cut(payload, size):
    """The pieces of a payload, of so many bytes each."""
    return [payload[i:i + size] for i in range(0, len(payload), size)]


def octets(frames):
    """The same frames, each byte sent on its own."""
    return cut(b''.join(frames), 1)


def at_once(frames):
    """The same frames, sent with one call."""
    return [b''.join(frames)]


class Case:
    """What is sent, what is to come back before the close, and the close's code.

    code: one, or a tuple of those that are right
    ends: whether the frames sent end the conversation; else an orderly close is sent behind them
    """

    def __init__(self, sent, answers=(), code=NORMAL, ends=False):
        self.sent = sent
        self.answers = list(answers)
        self.code = code
        self.ends = ends or code in (PROTOCOL_ERROR, NOT_UTF8)


CASES = {}


def add(number, *arguments, **options):
    """Adds a case under its number in the suite."""
    assert number not in CASES
    CASES[number] = Case(*arguments, **options)


def add_row(group, cases):
    """Adds cases under consecutive numbers of a group."""
    for i, case in enumerate(cases, 1):
        add(f'{group}.{i}', *case)


def echoed(opcode, payload):
    return frame(opcode, payload), [(opcode, payload)]


def violates(sent, *answers):
    return sent, answers, PROTOCOL_ERROR


def add_framing():
    for group, opcode, letter in (1, TEXT, b'*'), (2, BINARY, b'\xfe'):
        sizes = 0, 125, 126, 127, 128, 65535, 65536
        add_row(f'1.{group}', [echoed(opcode, letter * size) for size in sizes])
        payload = letter * 65536
        add(f'1.{group}.8', cut(make_frame(opcode, payload), 997), [(opcode, payload)])


def add_pings():
    binary = bytes([0, 255, 254, 253, 252, 251, 0, 255])
    text, full = b'Hello, world!', b'\xfe' * 125
    many = [b'payload-%d' % i for i in range(10)]
    pings = [ping for payload in many for ping in frame(PING, payload)]
    pongs = [(PONG, payload) for payload in many]
    add('2.1', frame(PING), [(PONG, b'')])
    add('2.2', frame(PING, text), [(PONG, text)])
    add('2.3', frame(PING, binary), [(PONG, binary)])
    add('2.4', frame(PING, full), [(PONG, full)])
    add('2.5', *violates(frame(PING, full + b'\xfe')))
    add('2.6', octets(frame(PING, full)), [(PONG, full)])
    add('2.7', frame(PONG))
    add('2.8', frame(PONG, b'unsolicited pong payload'))
    add('2.9', frame(PONG, b'unsolicited') + frame(PING, b'ping payload'),
        [(PONG, b'ping payload')])
    add('2.10', pings, pongs)
    add('2.11', octets(pings), pongs)


def add_reserved_bits():
    small = b'Hello, world!'

    def amid(reserved):
        return frame(TEXT, small) + frame(TEXT, small, reserved=reserved) + frame(PING)

    answer = TEXT, small
    add('3.1', *violates(frame(TEXT, small, reserved=1)))
    add('3.2', *violates(at_once(amid(2)), answer))
    add('3.3', *violates(amid(3), answer))
    add('3.4', *violates(octets(amid(4)), answer))
    add('3.5', *violates(frame(BINARY, b'\0\xff\xfe', reserved=5)))
    add('3.6', *violates(frame(PING, small, reserved=6)))
    add('3.7', *violates(frame(CLOSE, b'\x03\xe8', reserved=7)))


def add_opcodes():
    small = b'Hello, world!'
    for group, first in (1, 3), (2, 11):
        text, answer = frame(TEXT, small), (TEXT, small)
        add(f'4.{group}.1', *violates(frame(first)))
        add(f'4.{group}.2', *violates(frame(first + 1, b'reserved opcode payload')))
        add(f'4.{group}.3', *violates(text + frame(first + 2) + frame(PING), answer))
        add(f'4.{group}.4', *violates(text + frame(first + 3, small) + frame(PING), answer))
        add(f'4.{group}.5', *violates(octets(text + frame(first + 4, small) + frame(PING)),
                                      answer))


def add_fragments():
    parts = b'fragment1', b'fragment2'
    whole = TEXT, b''.join(parts)
    two = fragments(TEXT, *parts)
    ping = frame(PING, b'ping payload')
    amid = fragments(TEXT, *parts, between=ping)
    answers = [(PONG, b'ping payload'), whole]
    text = frame(TEXT, b'Hello, world!')
    add('5.1', *violates(fragments(PING, *parts)))
    add('5.2', *violates(fragments(PONG, *parts)))
    for number, way in (3, at_once), (4, list), (5, octets):
        add(f'5.{number}', way(two), [whole])
        add(f'5.{number + 3}', way(amid), answers)
    for number, fin in (9, True), (12, False):
        stray = frame(CONTINUATION, b'non-continuation payload', fin=fin) + text
        add(f'5.{number}', *violates(at_once(stray)))
        add(f'5.{number + 1}', *violates(stray))
        add(f'5.{number + 2}', *violates(octets(stray)))
    add('5.15', *violates(two + frame(CONTINUATION, b'fragment3', fin=False) + text, whole))
    for number, fin in (16, False), (17, True):
        round_ = frame(CONTINUATION, b'fragment1', fin=fin) + two
        add(f'5.{number}', *violates(round_ * 2))
    add('5.18', *violates(frame(TEXT, parts[0], fin=False) + frame(TEXT, parts[1])))
    five = [b'fragment%d' % i for i in range(1, 6)]
    sent = fragments(TEXT, *five[:2]) + ping + fragments(TEXT, *five[2:], between=ping)
    answers = [(TEXT, b''.join(five[:2])), (PONG, b'ping payload'), (PONG, b'ping payload'),
               (PONG, b'ping payload'), (TEXT, b''.join(five[2:]))]
    add('5.19', sent, answers)
    add('5.20', at_once(sent), answers)


def add_text():
    add('6.1.1', *echoed(TEXT, b''))
    add('6.1.2', fragments(TEXT, b'', b'', b''), [(TEXT, b'')])
    add('6.1.3', fragments(TEXT, b'', b'middle frame payload', b''),
        [(TEXT, b'middle frame payload')])
    add('6.2.1', *echoed(TEXT, HELLO))
    add('6.2.2', fragments(TEXT, HELLO[:12], HELLO[12:]), [(TEXT, HELLO)])
    add('6.2.3', fragments(TEXT, *cut(HELLO, 1)), [(TEXT, HELLO)])
    add('6.2.4', fragments(TEXT, *cut(KOSME, 1)), [(TEXT, KOSME)])
    wrong = KOSME + b'\xed\xa0\x80' + b'edited'
    add('6.3.1', frame(TEXT, wrong), (), NOT_UTF8)
    add('6.3.2', fragments(TEXT, *cut(wrong, 1)), (), NOT_UTF8)
    # In the suite these three pieces are sent with pauses, to see how soon it is noticed.
    for number, parts in (1, (KOSME, b'\xf4\x90\x80\x80', b'edited')), \
            (2, (KOSME + b'\xf4', b'\x90', b'\x80\x80edited')):
        add(f'6.4.{number}', fragments(TEXT, *parts), (), NOT_UTF8)
        add(f'6.4.{number + 2}', cut(make_frame(TEXT, b''.join(parts)), 13), (), NOT_UTF8)


def text_is(good, payload):
    return echoed(TEXT, payload) if good else (frame(TEXT, payload), (), NOT_UTF8)


# Markus Kuhn's decoder stress test: number of the group, whether it is UTF-8, what is sent.
UTF8 = [
    ('6.5', True, [KOSME[:2], KOSME[:5], KOSME[:7], KOSME[:9], KOSME]),
    ('6.6', False, [KOSME[:n] for n in (1, 3, 4, 6, 8, 10)]),
    ('6.7', True, ['\0', '\x80', '\u0800', '\U00010000']),
    ('6.8', False, [b'\xf8\x88\x80\x80\x80', b'\xfc\x84\x80\x80\x80\x80']),
    ('6.9', True, ['\x7f', '\u07ff', '\uffff', '\U0010ffff']),
    ('6.10', False, [b'\xf7\xbf\xbf\xbf', b'\xfb\xbf\xbf\xbf\xbf', b'\xfd\xbf\xbf\xbf\xbf\xbf']),
    ('6.11', True, ['\ud7ff', '\ue000', '\ufffd', '\U0010ffff']),
    ('6.11.5', False, [b'\xf4\x90\x80\x80']),
    ('6.12', False, [b'\x80', b'\xbf', b'\x80\xbf', b'\x80\xbf\x80', b'\x80\xbf\x80\xbf',
                     b'\x80\xbf\x80\xbf\x80', b'\x80\xbf\x80\xbf\x80\xbf',
                     bytes(range(0x80, 0xc0))]),
    ('6.13', False, [b' '.join(bytes([c]) for c in range(first, last)) + b' '
                     for first, last in ((0xc0, 0xe0), (0xe0, 0xf0), (0xf0, 0xf8), (0xf8, 0xfc),
                                         (0xfc, 0xfe))]),
    ('6.14', False, [b'\xc0', b'\xe0\x80', b'\xf0\x80\x80', b'\xf8\x80\x80\x80',
                     b'\xfc\x80\x80\x80\x80', b'\xdf', b'\xef\xbf', b'\xf7\xbf\xbf',
                     b'\xfb\xbf\xbf\xbf', b'\xfd\xbf\xbf\xbf\xbf']),
    ('6.15', False, [b'\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf'
                     b'\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf']),
    ('6.16', False, [b'\xfe', b'\xff', b'\xfe\xfe\xff\xff']),
    ('6.17', False, [b'\xc0\xaf', b'\xe0\x80\xaf', b'\xf0\x80\x80\xaf', b'\xf8\x80\x80\x80\xaf',
                     b'\xfc\x80\x80\x80\x80\xaf']),
    ('6.18', False, [b'\xc1\xbf', b'\xe0\x9f\xbf', b'\xf0\x8f\xbf\xbf', b'\xf8\x87\xbf\xbf\xbf',
                     b'\xfc\x83\xbf\xbf\xbf\xbf']),
    ('6.19', False, [b'\xc0\x80', b'\xe0\x80\x80', b'\xf0\x80\x80\x80', b'\xf8\x80\x80\x80\x80',
                     b'\xfc\x80\x80\x80\x80\x80']),
    ('6.20', False, [chr(c).encode(errors='surrogatepass')
                     for c in (0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff)]),
    ('6.21', False, [(chr(a) + chr(b)).encode(errors='surrogatepass')
                     for a in (0xd800, 0xdb7f, 0xdb80, 0xdbff) for b in (0xdc00, 0xdfff)]),
    ('6.22', True, [chr(plane << 16 | last) for plane in range(17) for last in (0xfffe, 0xffff)]),
    ('6.23', True, [chr(c) for c in range(0xfff9, 0x10000)]),
]


def add_utf8():
    for group, good, texts in UTF8:
        payloads = [text if isinstance(text, bytes) else text.encode() for text in texts]
        if len(payloads) == 1:
            add(group, *text_is(good, payloads[0]))
        else:
            add_row(group, [text_is(good, payload) for payload in payloads])


def add_closing():
    hello, big = b'Hello World!', b'*' * 256 * KIBIBYTE
    normal = closing(NORMAL)
    add('7.1.1', *echoed(TEXT, hello))
    add('7.1.2', normal * 2, ends=True)
    add('7.1.3', normal + frame(PING), ends=True)
    add('7.1.4', normal + frame(TEXT, hello), ends=True)
    add('7.1.5', frame(TEXT, b'fragment1', fin=False) + normal +
        frame(CONTINUATION, b'fragment2'), ends=True)
    add('7.1.6', at_once(frame(TEXT, big) + frame(TEXT, hello) + normal + frame(PING)),
        [(TEXT, big), (TEXT, hello)], ends=True)
    add('7.3.1', frame(CLOSE), ends=True)
    add('7.3.2', *violates(frame(CLOSE, b'a')))
    add('7.3.3', normal, ends=True)
    add('7.3.4', closing(NORMAL, hello), ends=True)
    add('7.3.5', closing(NORMAL, b'*' * 123), ends=True)
    add('7.3.6', *violates(closing(NORMAL, b'*' * 124)))
    # RFC 6455, 7.1.6: the reason is text; the suite accepts either code.
    add('7.5.1', closing(NORMAL, b'\xce\xba\xed\xa0\x80edited'), code=(PROTOCOL_ERROR, NOT_UTF8),
        ends=True)
    good = 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999
    for i, code in enumerate(good, 1):
        add(f'7.7.{i}', closing(code), code=code, ends=True)
    bad = 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535
    for i, code in enumerate(bad, 1):
        add(f'7.9.{i}', *violates(closing(code)))


def add_sizes():
    for group, opcode, letter in (1, TEXT, b'*'), (2, BINARY, b'\xfe'):
        sizes = 64 * KIBIBYTE, 256 * KIBIBYTE, MEBIBYTE, 4 * MEBIBYTE, 8 * MEBIBYTE, 16 * MEBIBYTE
        add_row(f'9.{group}', [echoed(opcode, letter * size) for size in sizes])
        payload = letter * 4 * MEBIBYTE
        for i, size in enumerate((64 << 2 * n for n in range(9)), 1):
            add(f'9.{group + 2}.{i}', at_once(fragments(opcode, *cut(payload, size))),
                [(opcode, payload)])
        payload = letter * MEBIBYTE
        for i, size in enumerate((64 << n for n in range(6)), 1):
            add(f'9.{group + 4}.{i}', cut(make_frame(opcode, payload), size), [(opcode, payload)])
        for i, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            add(f'9.{group + 6}.{i}', frame(opcode, letter * size) * 1000,
                [(opcode, letter * size)] * 1000)
    payload = b'*' * 65536
    add('10.1.1', fragments(TEXT, *cut(payload, 1300)), [(TEXT, payload)])


for add_group in (add_framing, add_pings, add_reserved_bits, add_opcodes, add_fragments, add_text,
                  add_utf8, add_closing, add_sizes):
    add_group()


class TestAutobahn(e2e.DaemonCase):
    configuration = f'''
[Limits]
MessageSize={16 * MEBIBYTE}
MessageRate=0

[Route echo]
Path=/ws/echo/
Group=echo
Consumer=echo
'''

    def run_case(self, case):
        tab = self.raw()
        tab.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tab.upgrade('/ws/echo/')
        sent = case.sent if case.ends else case.sent + closing(NORMAL)
        answers = []
        waits = len(case.answers) == len(case.sent) > 100
        for piece in sent:
            try:
                tab.send(piece)
            except OSError:
                break  # it has heard enough
            if waits and len(answers) < len(case.answers):
                answers.append(tab.read_frame())

        opcode = None
        while opcode != CLOSE:
            opcode, payload = tab.read_frame()
            answers.append((opcode, payload))
        tab.wait_for_end()

        self.assertEqual([(opcode, len(payload)) for opcode, payload in answers[:-1]],
                         [(opcode, len(payload)) for opcode, payload in case.answers])
        self.assertTrue(answers[:-1] == case.answers)
        (code,) = struct.unpack('>H', payload[:2])
        self.assertIn(code, case.code if isinstance(case.code, tuple) else (case.code,))


def make_test(case):
    return lambda self: self.run_case(case)


for number, found in CASES.items():
    setattr(TestAutobahn, 'test_' + '_'.join(f'{int(part):02}' for part in number.split('.')),
            make_test(found))

if __name__ == '__main__':
    e2e.main()
