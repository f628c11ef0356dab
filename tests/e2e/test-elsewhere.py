#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Peers in another network namespace, as in a container, or on another machine.

    test-elsewhere.py CHANNELSD CHANNELSCTL
"""

import contextlib
import itertools
import os
import subprocess
import sys

import e2e
from channelsd import PATIENCE

# Of the range for tests of networks, RFC 2544: no machine has them.
OURS, THEIRS = '198.18.84.1', '198.18.84.2'

ORIGIN = 'https://app.example'

PROGRAM = '''
import sys
sys.path.insert(0, sys.argv[1])
from wsclient import UPGRADE, Client
path, *origin = sys.argv[4:]
fields = [('Origin', one) for one in origin]
if path.startswith('/ws/'):
    fields += UPGRADE
try:
    with Client(int(sys.argv[3]), address=sys.argv[2]) as client:
        print(client.request(path, *fields, host=f'{sys.argv[2]}:{sys.argv[3]}').status)
except ConnectionRefusedError:
    print('nobody')
'''


def ip(*arguments):
    subprocess.run(['ip', *arguments], check=True)


@contextlib.contextmanager
def network(number):
    """A network namespace with a cable to ours; its name."""
    name = f'channels-{os.getpid()}-{number}'
    ours, theirs = (f'ch{os.getpid()}{end}{number}' for end in 'ab')
    ip('netns', 'add', name)
    try:
        ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name)
        ip('address', 'add', f'{OURS}/30', 'dev', ours)
        ip('link', 'set', ours, 'up')
        ip('-n', name, 'address', 'add', f'{THEIRS}/30', 'dev', theirs)
        ip('-n', name, 'link', 'set', theirs, 'up')
        ip('-n', name, 'link', 'set', 'lo', 'up')
        yield name
    finally:
        ip('netns', 'delete', name)  # and the cable with it


class NetworkCase(e2e.DaemonCase):
    """A daemon, and a program in another network, which root can make and nobody else."""

    numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls.network = cls.enterClassContext(network(next(cls.numbers)))
        super().setUpClass()

    def ask(self, path, *origin, address=OURS):
        """The status that a program in the other network gets."""
        done = subprocess.run(['ip', 'netns', 'exec', self.network, sys.executable, '-c', PROGRAM,
                               e2e.SUPPORT, address, str(self.daemon.port), path, *origin],
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True)
        return done.stdout.strip()


class TestOutOfTheBox(NetworkCase):
    def test_there_is_nobody_to_be_seen(self):
        for address in OURS, '127.0.0.1':
            with self.subTest(address):
                self.assertEqual(self.ask('/health', address=address), 'nobody')


class TestListeningEverywhere(NetworkCase):
    addresses = ('0.0.0.0:0',)
    configuration = f'[Server]\nAllowOtherUsers=true\nAllowedHosts={OURS}\n' \
                    f'AllowedOrigins={ORIGIN}\n'

    def mint(self, origin):
        return self.bus.call('MintTicket', '(assu)', ['chat_chat_room'], origin, 0)[0]

    def test_every_websocket_needs_a_ticket(self):
        for origin in [], [ORIGIN], [f'http://{OURS}:{self.daemon.port}']:
            with self.subTest(origin):
                self.assertEqual(self.ask('/ws/chat/', *origin), '403')
        self.assertEqual(self.ask('/health'), '200')

    def test_a_ticket_lets_in_once(self):
        path = f'/ws/chat/?ticket={self.mint(ORIGIN)}'
        self.assertEqual(self.ask(path, ORIGIN), '101')
        self.assertEqual(self.ask(path, ORIGIN), '403')

    def test_a_ticket_needs_its_origin(self):
        self.assertEqual(self.ask(f'/ws/chat/?ticket={self.mint(ORIGIN)}'), '403')

    def test_who_claims_an_origin_does_not_have_it_banned(self):
        own, stranger = f'http://127.0.0.1:{self.daemon.port}', 'https://example.org'
        for origin in own, stranger:
            for _ in range(20):
                self.assertEqual(self.ask('/ws/chat/', origin), '403')

        self.raw(address='127.0.0.1').upgrade('/ws/chat/', ('Origin', own))
        with self.assertRaisesRegex(ConnectionError, '403'):
            self.raw(address='127.0.0.1').upgrade('/ws/chat/', ('Origin', stranger))

    def test_who_is_on_this_machine_needs_none(self):
        self.raw(address='127.0.0.1').upgrade('/ws/chat/')

        with self.assertRaisesRegex(ConnectionError, '403'):
            self.raw(address=OURS).upgrade('/ws/chat/', host=f'{OURS}:{self.daemon.port}')


if __name__ == '__main__':
    e2e.main()
