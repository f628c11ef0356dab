# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the end-to-end tests share: the two programs, and a daemon for each class of tests."""

import json
import os
import subprocess
import sys
import unittest

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support')
sys.path.insert(0, SUPPORT)

from busclient import BusClient  # noqa: E402
from channelsd import PATIENCE, Daemon, wait_until  # noqa: E402
from wsclient import Client  # noqa: E402

CHANNELSD = os.path.abspath(sys.argv.pop(1))
CHANNELSCTL = os.path.abspath(sys.argv.pop(1))


class DaemonMixin:
    """A daemon, on a bus of its own, for all tests of a class, and `bus`, a client of it.

    arguments: command-line options of the daemon
    addresses: those that it listens at
    configuration: the text of its configuration file
    environment: further variables of its environment
    """

    arguments = ()
    addresses = ('127.0.0.1:0',)
    configuration = ''
    environment = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = cls.enterClassContext(Daemon(CHANNELSD, *cls.arguments,
                                                  listen=cls.addresses,
                                                  configuration=cls.configuration,
                                                  environment=cls.environment))
        cls.bus = cls.enterClassContext(BusClient(cls.daemon.bus_address))

    def setUp(self):
        super().setUp()
        wait_until(lambda: self.bus.call('ListGroups') == ([],),
                   'the members of the test before to be gone')

    def raw(self, **options):
        """Returns a wsclient.Client that has said nothing yet."""
        return self.enterContext(Client(self.daemon.port, **options))

    def tab(self, room='', *fields, **options):
        """Returns a wsclient.Client in a room."""
        client = self.raw(**options)
        client.upgrade('/ws/chat/' + (f'{room}/' if room else ''), *fields)
        return client

    def bus_client(self, *groups):
        """Returns a busclient.BusClient that has joined the groups."""
        client = self.enterContext(BusClient(self.daemon.bus_address))
        for group in groups:
            client.call('Subscribe', '(s)', group)
        return client

    def ctl(self, *arguments, **options):
        """Returns what channelsctl prints."""
        env = {**self.daemon.env, 'LC_ALL': 'C.UTF-8'}
        return subprocess.run([CHANNELSCTL, *arguments], env=env, stdout=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=True, **options).stdout

    def assert_serving(self):
        """Another tab and another bus client are served as ever."""
        with Client(self.daemon.port) as tab, BusClient(self.daemon.bus_address) as bus:
            tab.upgrade('/ws/chat/serving/')
            bus.call('Subscribe', '(s)', 'chat_serving')
            tab.send_text('{"message": "from a tab"}')
            self.assertEqual(tab.read_text(), '{"message": "from a tab"}')
            self.assertEqual(bus.next_event(),
                             ('chat_serving', {'type': 'chat_message', 'message': 'from a tab'}))
            counts = bus.call('SendToGroup', '(ss)', 'chat_serving', 'from the bus')
            self.assertEqual(counts, (2, 0))
            self.assertEqual(tab.read_text(), '{"message": "from the bus"}')
            self.assertEqual(bus.next_event()[1]['message'], 'from the bus')

    def assert_error(self, text, code):
        """A text frame is the service's word for an error of this code."""
        error = json.loads(text)['error']
        self.assertEqual(error['code'], code)
        self.assertTrue(error['message'])


class DaemonCase(DaemonMixin, unittest.TestCase):
    """Tests that talk to the daemon in turn."""


class AsyncDaemonCase(DaemonMixin, unittest.IsolatedAsyncioTestCase):
    """Tests with clients that need an event loop."""


def main():
    """Runs the tests of the program."""
    unittest.main(verbosity=2)
