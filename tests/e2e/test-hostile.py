#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Peers that mean harm, byte by byte: each is refused or cut off, and costs nobody else anything.

    test-hostile.py CHANNELSD CHANNELSCTL
"""

import contextlib
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

import e2e
from channelsd import PATIENCE, end, wait_until
from wsclient import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, UPGRADE, Client, make_frame,
                      make_head)

KIBIBYTE = 1 << 10
MEBIBYTE = 1 << 20
NOBODY = 65534  # a user id that owns nothing

# A sanitizer keeps what was freed: here only a little of it, since memory is measured.
os.environ['ASAN_OPTIONS'] = ':'.join(filter(None, [
    os.environ.get('ASAN_OPTIONS'), 'quarantine_size_mb=1', 'thread_local_quarantine_size_kb=64']))


class HostileCase(e2e.DaemonCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()  # it is on the bus then, with all that it opens
        cls.own_descriptors = cls.count_descriptors()

    def tearDown(self):
        self.assert_serving()
        super().tearDown()

    def memory(self):
        """Returns the resident size of the daemon, in bytes."""
        with open(f'/proc/{self.daemon.process.pid}/status', encoding='ascii') as file:
            (line,) = (line for line in file if line.startswith('VmRSS:'))
        return int(line.split()[1]) * KIBIBYTE

    @classmethod
    def count_descriptors(cls):
        """Returns how many descriptors the daemon has open."""
        return len(os.listdir(f'/proc/{cls.daemon.process.pid}/fd'))

    def wait_for_connections(self, count, patience=PATIENCE):
        """Waits until the daemon has so many descriptors more than before anybody connected."""
        wait_until(lambda: self.count_descriptors() == self.own_descriptors + count,
                   f'it to have {count} connections', patience)

    def ask(self, data):
        """Returns the response to bytes that are sent as they are, and checks that it is all."""
        client = self.raw()
        client.send(data)
        response = client.read_response()
        client.wait_for_end()
        client.close()
        return response

    def assert_status(self, status, data):
        with self.subTest(data[:200]):
            response = self.ask(data)
            self.assertEqual(response.status, status)
            self.assertEqual(response.fields['connection'], 'close')
            self.assertRegex(response.body, rb'\A[A-Z][ -~]{10,100}\.\n\Z')

    def assert_closed(self, tab, code):
        self.assertEqual(tab.read_close(), code)
        tab.wait_for_end()


class TestHeads(HostileCase):
    configuration = '[Limits]\nRequestTime=1\n'

    def head(self, *fields, path='/ws/chat/', **options):
        return make_head(self.daemon.port, path, *fields, **options)

    def test_a_head_that_does_not_come(self):
        for begun in b'', b'G', b'GET / HTTP/1.1\r\nHost: x\r\n':
            with self.subTest(begun):
                client = self.raw()
                client.send(begun)
                started = time.monotonic()
                self.assertEqual(client.read_response().status, 408)
                client.wait_for_end()
                self.assertLess(time.monotonic() - started, 4)

    def test_a_head_that_comes_drop_by_drop(self):
        client = self.raw()
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < PATIENCE:
                client.send(b'G')
                client.socket.settimeout(0.05)
                with contextlib.suppress(socket.timeout):
                    if client.socket.recv(4096):
                        break
        self.assertLess(time.monotonic() - started, 4)

    def test_a_flood_of_fields(self):
        self.assert_status(431, self.head(*((f'X-{i}', 'x') for i in range(200))))
        self.assert_status(431, self.head(('X', 'x' * 17 * KIBIBYTE)))
        self.assert_status(431, b'GET /' + b'a' * 17 * KIBIBYTE)
        self.assert_status(414, self.head(path='/' + 'a' * 3 * KIBIBYTE))

    def test_an_endless_head(self):
        client = self.raw()
        with contextlib.suppress(OSError):
            client.send(b'GET / HTTP/1.1\r\n')
            for _ in range(1000):
                client.send(b'X: ' + b'x' * KIBIBYTE + b'\r\n')
        with contextlib.suppress(OSError):
            self.assertEqual(client.read_response().status, 431)

    def test_one_host_no_more_no_less(self):
        host = f'127.0.0.1:{self.daemon.port}'
        self.assert_status(400, self.head(('Host', host), *UPGRADE))
        self.assert_status(400, self.head(('Host', 'example.org'), *UPGRADE))
        self.assert_status(400, b'GET / HTTP/1.1\r\n\r\n')
        self.assert_status(400, b'GET / HTTP/1.1\r\nHost:\r\n\r\n')

    def test_a_strangers_host(self):
        for host in ('example.org', f'example.org:{self.daemon.port}', '127.0.0.1',
                     '127.0.0.1:1', f'127.0.0.1.example.org:{self.daemon.port}'):
            self.assert_status(421, self.head(*UPGRADE, host=host))
            self.assert_status(421, self.head(path='/', host=host))

    def test_a_strangers_origin(self):
        for origin in ('https://example.org', 'null', 'file://', 'http://localhost:1',
                       f'https://127.0.0.1:{self.daemon.port}',
                       f'http://127.0.0.1.example.org:{self.daemon.port}'):
            self.assert_status(403, self.head(('Origin', origin), *UPGRADE))

    def test_our_own_origins(self):
        for name in '127.0.0.1', 'localhost':
            host = f'{name}:{self.daemon.port}'
            self.raw().upgrade('/ws/chat/', ('Origin', f'http://{host}'), host=host)
        # Only 127.0.0.1 is listened at: a page from the other address is somebody else's.
        host = f'[::1]:{self.daemon.port}'
        self.raw().upgrade('/ws/chat/', host=host)
        self.assert_status(403, self.head(('Origin', f'http://{host}'), *UPGRADE, host=host))

    def test_smuggling(self):
        smuggled = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
        length = ('Content-Length', str(len(smuggled)))
        chunked = ('Transfer-Encoding', 'chunked')
        for fields in [chunked], [length, chunked], [chunked, length], \
                [('Transfer-Encoding', 'xchunked')], [('Transfer-Encoding', 'gzip, chunked')]:
            self.assert_status(413, self.head(*fields, path='/') + b'0\r\n\r\n' + smuggled.encode())
        lengths = [('Content-Length', value) for value in ('+1', '-1', '0x1', '1, 1', '1 1', '')]
        for field in *lengths, ('Content-Length ', '1'), (' Content-Length', '1'):
            self.assert_status(400, self.head(field, path='/') + smuggled.encode())
        twice = [('Content-Length', '0'), length]
        self.assert_status(400, self.head(*twice, path='/') + smuggled.encode())

    def test_one_request_a_connection(self):
        response = self.ask(self.head(path='/health') * 3)
        self.assertEqual(response.status, 200)

    def test_lines_that_end_otherwise(self):
        host = f'Host: 127.0.0.1:{self.daemon.port}'.encode()
        for line_end in b'\n\r\n\r\n', b'\rX: y\r\n\r\n', b'\r\n X: y\r\n\r\n', \
                b'\r\nX\0: y\r\n\r\n', b'\r\nX: y\0\r\n\r\n':
            self.assert_status(400, b'GET / HTTP/1.1\r\n' + host + line_end)
        # Without CR LF CR LF there is no end, and nothing that is answered before its time.
        self.assert_status(408, b'GET / HTTP/1.1\n' + host + b'\n\n')

    def test_other_versions_and_methods(self):
        host = f'Host: 127.0.0.1:{self.daemon.port}\r\n\r\n'.encode()
        for version, status in (b'1.0', 505), (b'2.0', 505), (b'1.2', 505), (b'x', 400):
            self.assert_status(status, b'GET / HTTP/' + version + b'\r\n' + host)
        for method in 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH':
            self.assert_status(405, self.head(path='/', method=method))
        self.assert_status(400, b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n')
        self.assert_status(417, self.head(('Expect', '100-continue'), path='/'))

    def test_one_that_is_refused_and_goes_on(self):
        for way in 'sends', 'stays':
            with self.subTest(way):
                client = self.raw()
                client.send(self.head(path='/nothing'))
                if way == 'sends':
                    with contextlib.suppress(OSError):
                        client.send(b'x' * MEBIBYTE)
                self.assertEqual(client.read_response().status, 404)
                self.wait_for_connections(0, patience=4)

    def test_half_an_upgrade(self):
        for name in 'Upgrade', 'Connection', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version':
            fields = [field for field in UPGRADE if field[0] != name]
            with self.subTest(name):
                self.assertIn(self.ask(self.head(*fields)).status, (400, 426))

    def test_a_range_changes_nothing(self):
        whole = self.ask(self.head(path='/'))
        part = self.ask(self.head(('Range', 'bytes=' + '0-,' * 300 + '0-'), path='/'))
        self.assertEqual((part.status, part.body), (200, whole.body))


class TestFrames(HostileCase):
    configuration = '[Limits]\nMessageSize=65536\nMessageRate=0\n'

    def assert_answer(self, code, *frames):
        """A tab that sends such frames is closed with such a code."""
        with self.subTest([frame[:14] for frame in frames]):
            tab = self.tab()
            with contextlib.suppress(OSError):
                tab.send(b''.join(frames))
            self.assert_closed(tab, code)
            tab.close()

    def test_no_mask(self):
        self.assert_answer(1002, make_frame(TEXT, b'{"message": 1}', masked=False))
        self.assert_answer(1002, make_frame(PING, masked=False))

    def test_reserved_bits_and_opcodes(self):
        for reserved in 1, 2, 4, 7:
            self.assert_answer(1002, make_frame(TEXT, b'{}', reserved=reserved))
        for opcode in (*range(3, 8), *range(11, 16)):
            self.assert_answer(1002, make_frame(opcode))

    def test_control_frames_are_small_and_whole(self):
        for opcode in PING, PONG, CLOSE:
            self.assert_answer(1002, make_frame(opcode, fin=False))
            self.assert_answer(1002, make_frame(opcode, b'\x03\xe8' + b'x' * 124))
        tab = self.tab()
        tab.send_frame(PING, b'x' * 125)
        self.assertEqual(tab.read_frame(), (PONG, b'x' * 125))

    def test_fragments_have_an_order(self):
        self.assert_answer(1002, make_frame(CONTINUATION, b'x'))
        self.assert_answer(1002, make_frame(TEXT, b'x', fin=False), make_frame(TEXT, b'x'))
        self.assert_answer(1002, make_frame(TEXT, b'x', fin=False), make_frame(BINARY, b'x'))

    def test_lengths_that_lie(self):
        for length in 1 << 16 | 1, 1 << 32, (1 << 63) - 1:
            self.assert_answer(1009, make_frame(TEXT, b'x', length=length, form=8))
        for length in 1 << 63, (1 << 64) - 10, (1 << 64) - 1:
            self.assert_answer(1002, make_frame(TEXT, b'x', length=length, form=8))
        self.assert_answer(1002, make_frame(TEXT, b'x' * 5, form=2))
        self.assert_answer(1002, make_frame(TEXT, b'x' * 126, form=8))

    def test_close_frames_that_are_wrong(self):
        for payload in b'\x03', b'\x03\xed', b'\x03\xee', b'\x00\x01', b'\x27\x0f':
            with self.subTest(payload):
                tab = self.tab()
                tab.send_frame(CLOSE, payload)
                tab.wait_for_end()

    def test_endless_fragments(self):
        first = make_frame(TEXT, b'x' * KIBIBYTE, fin=False)
        more = make_frame(CONTINUATION, b'x' * KIBIBYTE, fin=False)
        self.assert_answer(1009, first, more * 100)

    def test_frames_cut_anywhere(self):
        tab = self.tab('cut')
        frame = make_frame(TEXT, b'{"mess', fin=False) + make_frame(PING, b'in between') + \
            make_frame(CONTINUATION, b'age": "' + b'x' * 200 + b'"}')
        for i in range(len(frame)):
            tab.send(frame[i:i + 1])
        self.assertEqual(tab.read_frame(), (PONG, b'in between'))
        self.assertEqual(tab.read_text(), '{"message": "' + 'x' * 200 + '"}')

    def test_a_request_and_frames_in_one_piece(self):
        client = self.raw()
        client.send(make_head(self.daemon.port, '/ws/chat/early/', *UPGRADE) +
                    make_frame(TEXT, b'{"message": "early"}'))
        self.assertEqual(client.read_response().status, 101)
        self.assertEqual(client.read_text(), '{"message": "early"}')

    def test_pings_that_are_not_waited_for(self):
        # Pongs are not read: what is written waits, and then the daemon stops reading.
        before = self.memory()
        tab = self.tab(receive_buffer=4 * KIBIBYTE)
        pings = make_frame(PING, b'x' * 125) * 1000
        tab.socket.settimeout(0.5)
        with self.assertRaises(OSError):
            for _ in range(1000):
                tab.send(pings)
        self.assert_serving()
        self.assertLess(self.memory() - before, 20 * MEBIBYTE)

    def test_a_flood_leaves_time_for_others(self):
        flood = self.tab('flood')
        pongs = make_frame(PONG) * 10000
        over = threading.Event()

        def send():
            while not over.is_set():
                flood.send(pongs)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            for _ in range(20):
                self.assert_serving()
        finally:
            over.set()
            sender.join(PATIENCE)
        flood.send_text('{"message": "enough"}')
        self.assertEqual(flood.read_text(), '{"message": "enough"}')

    def test_half_closed_peers(self):
        for frames in b'', b'\x81', make_frame(TEXT, b'{"message": 1}')[:-1], \
                make_frame(TEXT, b'x', fin=False):
            with self.subTest(frames):
                tab = self.tab('half')
                tab.send(frames)
                tab.end()
                tab.wait_for_end()
        wait_until(lambda: self.bus.call('ListMembers', '(s)', 'chat_half') == ([],),
                   'half-closed tabs to leave')

    def test_a_request_that_is_half_closed(self):
        client = self.raw()
        client.send(make_head(self.daemon.port, '/health'))
        client.end()
        self.assertEqual(client.read_response().status, 200)
        client.wait_for_end()


class TestSlowTab(HostileCase):
    def test_it_costs_nobody_else(self):
        size, count = 64 * KIBIBYTE, 400
        slow = self.tab('slow', receive_buffer=4 * KIBIBYTE)
        quick = self.tab('slow')
        before = self.memory()
        got = []

        def read():
            for _ in range(count):
                got.append(len(quick.read_text()))

        reader = threading.Thread(target=read)
        reader.start()
        counts = []
        for i in range(count):
            wait_until(lambda: len(got) > i - 8, 'the quick tab')
            counts.append(self.bus.call('SendToGroup', '(ss)', 'chat_slow', 'x' * size)[0])
        reader.join(PATIENCE)

        self.assertEqual(got, [size + len('{"message": ""}')] * count)
        self.assertEqual(counts[0], 2)
        self.assertEqual(counts[-1], 1)
        self.assertLess(self.memory() - before, 20 * MEBIBYTE)

        self.assert_closed(slow, 4008)

    def test_one_that_reads_again_in_time_misses_nothing(self):
        tab = self.tab('pause', receive_buffer=4 * KIBIBYTE)
        texts = [f'{i} ' + 'x' * KIBIBYTE for i in range(500)]

        self.bus.call('SendMany', '(a(ss))', [('chat_pause', text) for text in texts])

        for text in texts:
            self.assertEqual(tab.read_text(), f'{{"message": "{text}"}}')


class TestSilentTab(HostileCase):
    configuration = '[Limits]\nPingInterval=1\nPongTimeout=1\n'

    def test_one_that_does_not_answer_is_gone(self):
        silent, answers = self.tab('silent'), self.tab('silent')

        for tab in silent, answers:
            self.assertEqual(tab.read_frame(), (PING, b''))
        answers.send_frame(PONG)
        silent.wait_for_end()

        self.assertEqual(answers.read_frame(), (PING, b''))
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_silent', 'x'), (1, 0))
        self.assertEqual(answers.read_text(), '{"message": "x"}')


class TestDescriptors(HostileCase):
    environment = {'G_DEBUG': ''}  # it warns when it has none left, which is no reason to abort

    def test_running_out_of_them_is_not_the_end(self):
        tab, pid = self.tab('stays'), self.daemon.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (self.own_descriptors + 20, limits[1]))

        crowd = [self.raw() for _ in range(60)]
        wait_until(lambda: 'cannot accept' in self.daemon.log(), 'the last descriptor')
        tab.send_text('{"message": "still here"}')
        self.assertEqual(tab.read_text(), '{"message": "still here"}')

        for client in crowd:
            client.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        self.assert_serving()
        self.wait_for_connections(1)


class TestSlowProgram(HostileCase):
    def test_one_that_never_reads_costs_nobody_else(self):
        program = subprocess.Popen([e2e.CHANNELSCTL, 'listen', 'chat_stopped'],
                                   env=self.daemon.env, stdout=subprocess.DEVNULL)
        self.addCleanup(end, program, signal.SIGKILL)
        wait_until(lambda: self.bus.call('ListGroups') == ([('chat_stopped', 1)],), 'it to join')
        program.send_signal(signal.SIGSTOP)
        tab, before = self.tab('stopped'), self.memory()

        for _ in range(200):
            self.bus.call('SendToGroup', '(ss)', 'chat_stopped', 'x' * (512 * KIBIBYTE))
            self.assertEqual(len(tab.read_text()), 512 * KIBIBYTE + len('{"message": ""}'))

        self.assertLess(self.memory() - before, 64 * MEBIBYTE)
        program.send_signal(signal.SIGKILL)
        wait_until(lambda: self.bus.call('ListGroups') == ([('chat_stopped', 1)],), 'it to leave')


class TestManyConnections(HostileCase):
    ROUND = 1000

    def connect_and_leave(self):
        """A round of peers that leave in all ways."""
        head = make_head(self.daemon.port, '/ws/chat/many/', *UPGRADE)
        ways = [b'', b'GET /', make_head(self.daemon.port, '/health'), head,
                head + make_frame(TEXT, b'{"message": 1}'), head + make_frame(CLOSE, b'\x03\xe8')]
        for i in range(self.ROUND):
            with Client(self.daemon.port) as client:
                client.send(ways[i % len(ways)])
                if i % len(ways) >= 2 and i % 2:
                    client.read_response()

    def is_sanitized(self):
        """Whether a sanitizer is in it, whose memory moves; it says itself what is left behind."""
        with open(e2e.CHANNELSD, 'rb') as file:
            return b'__asan_init' in file.read()

    def test_nothing_stays_of_them(self):
        sizes = []

        for _ in range(3):
            self.connect_and_leave()
            self.wait_for_connections(0)
            sizes.append(self.memory())

        self.assertEqual(self.bus.call('ListGroups'), ([],))
        self.assertLess(sizes[2] - sizes[1], 4 * MEBIBYTE if self.is_sanitized() else MEBIBYTE // 4)

    def test_they_do_not_keep_others_waiting(self):
        # However fast they come: accepting no more than so many a second would let them.
        over = threading.Event()

        def come_and_go():
            while not over.is_set():
                with contextlib.suppress(OSError), Client(self.daemon.port) as client:
                    client.send(b'G')

        crowd = [threading.Thread(target=come_and_go) for _ in range(3)]
        for one in crowd:
            one.start()
        try:
            waits = []
            for _ in range(50):
                started = time.monotonic()
                self.tab('crowded').close()
                waits.append(time.monotonic() - started)
        finally:
            over.set()
            for one in crowd:
                one.join(PATIENCE)
        # One may be unlucky on a loaded machine, but not most of them.
        self.assertLess(statistics.median(waits), 1)

    def test_those_that_say_nothing_make_room(self):
        crowd = [self.raw() for _ in range(600)]
        self.assert_serving()
        for gone in crowd[:88]:
            gone.wait_for_end()
        # Those that have been served took the places of three more.
        for stays in crowd[-500:]:
            stays.send(make_head(self.daemon.port, '/health'))
            self.assertEqual(stays.read_response().status, 200)
        for client in crowd:
            client.close()


class TestManyAnswered(HostileCase):
    configuration = '[Limits]\nConnections=2\n'

    def answered(self, path):
        """Returns how many of a crowd are answered, of which each stays for as long as it may: it is
        kept until it ends its side, but for no more than a second."""
        head = make_head(self.daemon.port, path)
        crowd = []
        for _ in range(2):
            more = [self.raw() for _ in range(350)]
            for client in more:
                client.send(head)
            crowd += more
        if path == '/nothing':
            self.tab('room')

        answers = 0
        for client in crowd:
            with contextlib.suppress(EOFError, ConnectionResetError):
                answers += client.read_response().status in (200, 404)
        for client in crowd:
            client.close()
        return answers

    def test_those_that_are_refused_take_nobodys_place(self):
        self.assertIn(self.answered('/nothing'), range(256, 700))

    def test_pages_take_no_more_than_their_room(self):
        self.assertIn(self.answered('/health'), range(2 + 512, 700))


class OriginCase(HostileCase):
    APP = 'https://app.example'
    configuration = f'[Server]\nAllowedOrigins={APP}\n'

    def knock(self, origin):
        """Returns the status that a page of an origin gets for a WebSocket."""
        with Client(self.daemon.port) as client:
            return client.request('/ws/chat/', ('Origin', origin), *UPGRADE).status


class TestCrowdedOrigin(OriginCase):
    def test_its_connections_leave_room_for_others(self):
        own = ('Origin', f'http://127.0.0.1:{self.daemon.port}')
        tabs = [self.tab('crowd', ('Origin', self.APP)) for _ in range(256)]

        for _ in range(21):
            self.assertEqual(self.knock(self.APP), 503)
        self.assertNotIn('would let it in', self.daemon.log())
        self.tab('crowd')
        for _ in range(257):
            self.tab('crowd', own)

        tabs[0].send_frame(CLOSE, b'\x03\xe8')
        tabs[0].wait_for_end()
        tabs[0].close()
        self.tab('crowd', ('Origin', self.APP))


class TestRefusedOrigin(OriginCase):
    def test_one_that_is_refused_often_is_not_even_answered(self):
        for _ in range(20):
            self.assertEqual(self.knock('https://example.org'), 403)

        with self.assertRaises(ConnectionResetError):
            self.knock('https://example.org')
        self.assertEqual(self.knock('https://example.net'), 403)
        self.assertEqual(self.knock(self.APP), 101)
        self.assertIn('AllowedOrigins=https://example.org', self.daemon.log())


class OtherUserCase(HostileCase):
    PROGRAM = '''
import os, sys
sys.path.insert(0, sys.argv[1])
from wsclient import UPGRADE, Client
os.setuid(int(sys.argv[3]))
for path, fields in ('/', ()), ('/ws/chat/', UPGRADE):
    with Client(int(sys.argv[2])) as client:
        print(client.request(path, *fields).status)
'''

    def assert_statuses(self, user, *statuses):
        """A program of a user asks for the page and for a WebSocket, and gets such answers."""
        done = subprocess.run([sys.executable, '-c', self.PROGRAM, e2e.SUPPORT,
                               str(self.daemon.port), str(user)],
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True)
        self.assertEqual([int(line) for line in done.stdout.split()], list(statuses))


class TestOtherUser(OtherUserCase):
    def test_our_own_user_comes_in(self):
        self.assert_statuses(os.getuid(), 200, 101)

    def test_nobody_else_does(self):
        # Only root can be somebody else; whoever else runs this is at least himself.
        if os.getuid() == 0:
            self.assert_statuses(NOBODY, 403, 403)
            self.assertIn('AllowOtherUsers=true', self.daemon.log())


class TestOtherUserAllowed(OtherUserCase):
    configuration = '[Server]\nAllowOtherUsers=true\n'

    def test_everybody_comes_in(self):
        self.assert_statuses(NOBODY if os.getuid() == 0 else os.getuid(), 200, 101)


if __name__ == '__main__':
    e2e.main()
