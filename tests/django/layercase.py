# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the tests with Django share: a layer with channelsd and Daphne in it.

Its two programs are the first arguments of the test.
"""

import os
import subprocess
import sys
import tempfile
import unittest

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support')
sys.path.insert(0, SUPPORT)

from busclient import BusClient  # noqa: E402
from channelsd import PATIENCE, Daemon, wait_until  # noqa: E402
from nodes import Django, Probe, RedisServer, Tab  # noqa: E402

CHANNELSD = sys.argv.pop(1)
CHANNELSCTL = sys.argv.pop(1)

GROUP = 'chat_chat_room'
LONG_GROUP = 'g' * 99

CONFIGURATION = f'''
[Layer]
SymmetricEncryptionKeys={{keys}}

[Limits]
MessageRate=0

[Route long]
Path=/ws/long/
Group={LONG_GROUP}
Consumer=chat

[Route chat]
Path=/ws/chat/{{{{room}}}}/
Group=chat_{{{{room}}}}
Consumer=chat

[Route default]
Path=/ws/chat/
Group={GROUP}
Consumer=chat
'''


class Core:
    """What the core layer leaves in Redis, as anybody may see it."""

    backend = 'core'
    layer = 'redis'

    def ring_name(self, group):
        """Returns the name by which a group's server is found."""
        return group

    def members_in(self, group):
        """Returns the names of the channels that a group has in Redis."""
        return [name.decode() for server in self.redis
                for name in server.client.zrange(f'asgi:group:{group}', 0, -1)]

    def nodes_in(self, group):
        """Returns how many nodes a group has."""
        return len({name.split('!')[0] for name in self.members_in(group)})

    def groups(self):
        """Returns the keys of all groups that have members."""
        return [key for server in self.redis for key in server.client.keys('asgi:group:*')]


class Pubsub:
    """What the pub/sub layer makes of Redis, as anybody may see it."""

    backend = 'pubsub'
    layer = 'redis-pubsub'

    def ring_name(self, group):
        """Returns the name by which a group's server is found."""
        return f'asgi__group__{group}'

    def nodes_in(self, group):
        """Returns how many nodes a group has."""
        channel = f'asgi__group__{group}'
        return sum(count for server in self.redis
                   for _, count in server.client.pubsub_numsub(channel))

    def groups(self):
        """Returns the channels of all groups that have members."""
        return [channel for server in self.redis
                for channel in server.client.pubsub_channels('asgi__group__*')]


def read_manual_users():
    """Returns the commands of channels.conf(5) that make a Redis user, as words, by the backend."""
    with open(os.path.join(SUPPORT, '..', '..', 'data', 'man', 'channels.conf.5'),
              encoding='utf-8') as file:
        core, pubsub = (line.split() for line in file if line.startswith('ACL SETUSER'))
    return {'core': core, 'pubsub': pubsub}


class LayerCase(unittest.TestCase):
    """Tests that talk in turn to one channelsd and some Daphnes, on the same Redis.

    To be mixed with Core or Pubsub.

    hosts: the number of Redis servers
    keys: symmetric encryption keys. channelsd has them in reverse order: the first
        encrypts, and all decrypt.
    daphnes: the number of Daphnes
    over_tcp: Redis listens on TCP, the first one

    Attributes:
        redis     the RedisServers, in ring order
        djangos   the Djangos
        daemon    the Daemon
        bus       a BusClient of it
    """

    hosts = 1
    keys = ()
    daphnes = 2
    over_tcp = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.redis = [cls.enterClassContext(RedisServer(cls.over_tcp and i == 0))
                     for i in range(cls.hosts)]
        urls = [server.url for server in cls.redis]
        cls.djangos = [cls.enterClassContext(Django(cls.backend, urls, cls.keys))
                       for _ in range(cls.daphnes)]

        directory = cls.enterClassContext(tempfile.TemporaryDirectory(prefix='channels-layer-'))
        cls._configuration = os.path.join(directory, 'channels.conf')
        with open(cls._configuration, 'w', encoding='utf-8') as file:
            file.write(CONFIGURATION.format(keys=';'.join(reversed(cls.keys))))
        cls.daemon = cls.enterClassContext(cls.new_daemon())
        cls.bus = cls.enterClassContext(BusClient(cls.daemon.bus_address))
        wait_until(lambda: cls.bus.get('LayerState') == 'up', 'the layer to be up')

    @classmethod
    def new_daemon(cls, redis=None):
        """Returns a further channelsd of this layer, on a bus of its own.

        redis: other URLs of the servers
        """
        arguments = ['--config', cls._configuration, '--layer', cls.layer]
        for url in redis or [server.url for server in cls.redis]:
            arguments += ['--redis', url]
        return Daemon(CHANNELSD, *arguments)

    def setUp(self):
        super().setUp()
        wait_until(lambda: not self.groups(), 'the members of the test before to be gone')

    def tab(self, path='/ws/chat/', daemon=None):
        """Returns a Tab of channelsd."""
        return self.enterContext(Tab((daemon or self.daemon).port, path))

    def django_tab(self, django):
        """Returns a Tab of a Daphne, in the tutorial's group."""
        return self.enterContext(Tab(django.port, '/ws/chat/'))

    def probe(self, group='nobody', django=None):
        """Returns a Probe of a Daphne, of the first one by default."""
        return self.enterContext(Probe((django or self.djangos[0]).port, group))

    def bus_client(self, *groups):
        """Returns a BusClient that has joined the groups."""
        client = self.enterContext(BusClient(self.daemon.bus_address))
        for group in groups:
            client.call('Subscribe', '(s)', group)
        return client

    def ctl(self, *arguments, **options):
        """Returns what channelsctl prints."""
        done = subprocess.run([CHANNELSCTL, *arguments], stdout=subprocess.PIPE, timeout=PATIENCE,
                              env={**self.daemon.env, 'LC_ALL': 'C.UTF-8'}, check=True, text=True,
                              encoding='utf-8', **options)
        return done.stdout

    def channels(self, group, kind='websocket'):
        """Returns the names of a group's channels in channelsd."""
        members, = self.bus.call('ListMembers', '(s)', group)
        return [channel for channel, has, _ in members if has == kind]

    def wait_for_nodes(self, group, count):
        """Returns when a group has exactly so many nodes in the layer."""
        wait_until(lambda: self.nodes_in(group) == count, f'{group} to have {count} nodes')

    def assert_all_hear(self, tabs, message):
        """The next that each of the tabs hears is the message."""
        for tab in tabs:
            self.assertEqual(tab.hear(), message)


def main():
    """Runs the tests of the program: those of the classes that are named, if any are."""
    unittest.main(verbosity=2)
