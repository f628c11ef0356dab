#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A channelsd that nobody needs ends, and no other.

    test-idle.py CHANNELSD CHANNELSCTL
"""

import os
import subprocess
import time
import unittest

import e2e
from channelsd import PATIENCE, Daemon, wait_until, write_configuration
from manager import Manager
from wsclient import Client

SUCCESS = 0

TIMEOUT = 1  # seconds of IdleTimeout=
CONFIGURATION = f'[Server]\nIdleTimeout={TIMEOUT}\n'


class TestIdle(unittest.TestCase):
    def start(self, *arguments, **options):
        return self.enterContext(Daemon(e2e.CHANNELSD, *arguments, **options))

    def assert_ends(self, daemon):
        self.assertEqual(daemon.process.wait(PATIENCE), SUCCESS, daemon.log())

    def test_it_ends_when_nobody_needs_it(self):
        started = time.monotonic()
        daemon = self.start(configuration=CONFIGURATION)

        self.assert_ends(daemon)
        self.assertGreaterEqual(time.monotonic() - started, TIMEOUT)
        self.assertEqual(daemon.log(), '')

    def test_without_a_bus(self):
        self.assert_ends(self.start('--no-bus', configuration=CONFIGURATION))

    def assert_stays(self, daemon):
        """It is there long after it would have gone."""
        with self.assertRaises(subprocess.TimeoutExpired):
            daemon.process.wait(2.5 * TIMEOUT)

    def test_a_tab_keeps_it(self):
        daemon = self.start('--no-bus', configuration=CONFIGURATION)
        with Client(daemon.port) as tab:
            tab.upgrade('/ws/chat/')
            self.assert_stays(daemon)
        self.assert_ends(daemon)

    def test_a_subscriber_keeps_it(self):
        daemon = self.start(configuration=CONFIGURATION)
        with e2e.BusClient(daemon.bus_address) as client:
            client.call('Subscribe', '(s)', 'room')
            self.assert_stays(daemon)
        self.assert_ends(daemon)

    def test_a_ticket_keeps_it(self):
        daemon = self.start(configuration=CONFIGURATION)
        _, url = daemon.call('MintTicket', '[]', 'https://example.org', '3')
        self.assert_stays(daemon)
        with Client(daemon.port) as tab:
            tab.upgrade(url[url.index('/ws'):], ('Origin', 'https://example.org'))
        self.assert_ends(daemon)

    def test_it_stays_unless_it_was_started_on_demand(self):
        # What is asked for is in the unit tests: here, that 600 s are not none.
        self.assert_stays(self.start('--no-bus', '--activated'))

    def test_another_timeout_is_taken_over(self):
        daemon = self.start('--activated')
        path = write_configuration(daemon.env, CONFIGURATION)
        daemon.call('Reload')
        self.assert_ends(daemon)
        self.assertTrue(os.path.exists(path))

    @staticmethod
    def come_as_tab(manager):
        with Client(manager.port) as tab:
            tab.upgrade('/ws/chat/')

    @staticmethod
    def come_as_caller(manager):
        manager.caller.call('ListGroups')

    def test_it_is_started_again(self):
        with Manager(e2e.CHANNELSD, configuration=CONFIGURATION) as manager:
            for come in self.come_as_tab, self.come_as_caller, self.come_as_tab:
                ended = len(manager.statuses)
                come(manager)
                wait_until(lambda: len(manager.statuses) > ended, 'it to end')
            self.assertEqual(manager.starts, 3)
            self.assertEqual(manager.statuses, [SUCCESS] * 3)


if __name__ == '__main__':
    e2e.main()
