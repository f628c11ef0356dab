#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The load client says whether each tab got each message once and in order.

    test-load-client.py LOAD-CLIENT BARE-LIMIT CHANNELSD
"""

import contextlib
import json
import os
import subprocess
import sys
import unittest

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support')
sys.path.insert(0, SUPPORT)

from channelsd import PATIENCE, Daemon, end, read_line  # noqa: E402

LOAD_CLIENT, BARE_LIMIT, CHANNELSD = sys.argv[1:4]

TABS = 20
MESSAGES = 200
FAULTS = 4  # one in 50: see bare-limit.c

CHECK_FAILED, NO_RUN = 1, 2


@contextlib.contextmanager
def bare_limit(*arguments):
    """Runs the bare limit, and gives its port."""
    with subprocess.Popen([BARE_LIMIT, *arguments], stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            yield int(read_line(process.stdout).rsplit(':', 1)[1])
        finally:
            end(process)


def load(port, *arguments):
    """Runs the load client; returns its exit status and what it reports."""
    done = subprocess.run([LOAD_CLIENT, '--port', str(port), '--tabs', str(TABS), *arguments],
                          stdout=subprocess.PIPE, check=False, timeout=PATIENCE * 3)
    return done.returncode, json.loads(done.stdout or 'null')


def flood(port, *arguments):
    """Floods a server with MESSAGES."""
    return load(port, '--messages', str(MESSAGES), '--patience', str(PATIENCE), *arguments)


def flood_faulty(port, *arguments):
    """Floods a server that will not deliver all; it is waited for as briefly as can be."""
    return flood(port, '--window', str(MESSAGES), '--patience', '1', *arguments)


class TestLoadClient(unittest.TestCase):
    """Servers that do as they should, and servers that do not."""

    def check(self, returned):
        status, report = returned
        self.assertEqual(0, status)
        self.assertEqual(MESSAGES, report['messages'])
        self.assertEqual(TABS * MESSAGES, report['deliveries'])
        for fault in 'lost', 'late', 'twice', 'alien', 'closed':
            self.assertEqual(0, report[fault], fault)
        return report

    def test_bare_limit(self):
        with bare_limit() as port:
            self.check(flood(port))

    def test_ping_pong(self):
        with bare_limit() as port:
            report = self.check(flood(port, '--window', '1'))
        self.assertLess(0, report['p50_us'])
        self.assertLessEqual(report['p50_us'], report['p99_us'])

    def test_paced(self):
        with bare_limit() as port:
            report = self.check(flood(port, '--rate', '1000'))
        self.assertLessEqual(MESSAGES / 1000, report['seconds'])

    def test_long_messages(self):
        with bare_limit() as port:
            self.check(flood(port, '--size', '100000', '--warm-up', '10', '--binary'))

    def test_publisher_that_is_no_tab(self):
        with bare_limit() as port:
            self.check(flood(port, '--publish-port', str(port)))

    def test_channelsd(self):
        with Daemon(CHANNELSD, '--no-bus', configuration='[Limits]\nMessageRate=0\n') as daemon:
            report = self.check(flood(
                daemon.port, '--path', '/ws/chat/', '--prefix', '{"message": "', '--suffix', '"}',
                '--pids', str(daemon.process.pid)))
        self.assertLess(0, report['server_us'])

    def test_lost(self):
        with bare_limit('--fault', 'lose') as port:
            status, report = flood_faulty(port)
        self.assertEqual(CHECK_FAILED, status)
        self.assertGreaterEqual(report['lost'], FAULTS * TABS)

    def test_twice(self):
        with bare_limit('--fault', 'repeat') as port:
            status, report = flood_faulty(port)
        self.assertEqual(CHECK_FAILED, status)
        self.assertGreaterEqual(report['twice'], (FAULTS - 1) * TABS)

    def test_late(self):
        with bare_limit('--fault', 'swap') as port:
            status, report = flood_faulty(port)
        self.assertEqual(CHECK_FAILED, status)
        self.assertGreaterEqual(report['late'], (FAULTS - 1) * TABS)

    def test_server_that_is_not_there(self):
        with bare_limit() as port:
            pass
        self.assertEqual((NO_RUN, None), flood(port))

    def test_path_that_is_not_there(self):
        with Daemon(CHANNELSD, '--no-bus') as daemon:
            self.assertEqual((NO_RUN, None), flood(daemon.port, '--path', '/nowhere/'))

    def test_ended_early(self):
        with bare_limit() as port:
            command = [LOAD_CLIENT, '--port', str(port), '--tabs', str(TABS), '--tell']
            with subprocess.Popen([*command, '--seconds', '1000'], stdout=subprocess.PIPE,
                                  bufsize=0) as process:
                self.assertEqual('Running', read_line(process.stdout))
                self.assertEqual(0, end(process))
                report = json.loads(process.stdout.read())
        for fault in 'lost', 'late', 'twice', 'alien', 'closed':
            self.assertEqual(0, report[fault], fault)

    def test_connections_alone(self):
        with bare_limit() as port:
            status, report = load(port, '--idle', '0.1')
        self.assertEqual(0, status)
        self.assertEqual(0, report['messages'])
        self.assertLess(0, report['connects_per_s'])


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
