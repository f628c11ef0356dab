#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""An outage of Redis that no browser of channelsd notices.

    test-outage.py CHANNELSD CHANNELSCTL [CLASS…]
"""

import concurrent.futures
import itertools
import os
import re
import signal
import struct
import threading
import time
import zlib

# A sanitizer keeps what is freed for a while: little of it, where memory is measured.
os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1'

import layercase  # noqa: E402
from busclient import BusClient  # noqa: E402
from channelsd import CallError, wait_until  # noqa: E402
from gi.repository import GLib  # noqa: E402
from layercase import CHANNELSD, GROUP, LayerCase  # noqa: E402
from nodes import Proxy, RedisServer  # noqa: E402

FREEZE = 4  # seconds
AT_ONCE = 2  # seconds that may pass where nothing is waited for, on a loaded machine
HOSTS = 10  # that are restarted in turn
ROUNDS = 5  # restarts of each; after the first everything has been allocated that is kept
GROWTH_MAX = 2 << 20  # bytes of memory, over all other restarts
GROWTH_MAX_SANITIZED = 8 << 20  # where what is freed is not used again soon; it finds leaks itself
TICKS = os.sysconf('SC_CLK_TCK')

# MessagePack, or not, that no Django sends.
GARBAGE = {
    'nothing': b'',
    'text': b'garbage',
    'noise': bytes(range(256)),
    'never used': b'\xc1',
    'cut map': b'\x82\xa4type\xa5probe',
    'no map': b'\x93\x01\x02\x03',
    'nil': b'\xc0',
    'empty map': b'\x80',
    'number as key': b'\x81\x01\x02',
    'map as key': b'\x81\x80\x80',
    'number as type': b'\x81\xa4type\x07',
    'same key twice': b'\x82\xa4type\xa1a\xa4type\xa1b',
    'not UTF-8': b'\x82\xa4type\xacchat_message\xa7message\xa2\xc3\x28',
    'NUL in a text': b'\x82\xa4type\xa5a.b.c\xa1k\xa3a\x00b',
    'extension': b'\x82\xa4type\xa5a.b.c\xa1k\xd6\xff\x00\x00\x00\x00',
    'more behind it': b'\x81\xa4type\xa5a.b.c\xc0\xc0',
    'deep': b'\x82\xa4type\xa5a.b.c\xa1k' + b'\x91' * 100000 + b'\xc0',
    'deep and cut': b'\x91' * 1000000,
    'many elements said': b'\x82\xa4type\xa5a.b.c\xa1k\xdd\xff\xff\xff\xff',
    'many keys said': b'\xdf\xff\xff\xff\xff',
    'many bytes said': b'\x82\xa4type\xa5a.b.c\xa1k\xc6\xff\xff\xff\xff',
    'many elements': (b'\x82\xa4type\xa5a.b.c\xa1k\xdd' + struct.pack('>I', 200000) +
                      b'\x00' * 200000),
}

NAMES_KEY = b'\xb0__asgi_channel__'

# Maps for the core layer's queue that name the wrong channels.
MISLED = {
    'number as name': b'\x82\xa4type\xa5a.b.c' + NAMES_KEY + b'\x07',
    'no names': b'\x82\xa4type\xa5a.b.c' + NAMES_KEY + b'\x90',
    'numbers as names': b'\x82\xa4type\xa5a.b.c' + NAMES_KEY + b'\x92\x01\x02',
    'unknown name': b'\x82\xa4type\xa5a.b.c' + NAMES_KEY + b'\xa1x',
    'no name': b'\x82\xa4type\xa5a.b.c' + NAMES_KEY + b'\xa0',
    'names': (b'\x82\xa4type\xa5a.b.c' + NAMES_KEY + b'\xdd' + struct.pack('>I', 50000) +
              b'\xa1x' * 50000),
}


class StatesClient(BusClient):
    """A BusClient that remembers every state of the layer that it was told of, in order."""

    def __init__(self, address):
        self.states = []
        super().__init__(address)

    def _on_properties_changed(self, *arguments):
        changed = arguments[-1].unpack()[1]
        if 'LayerState' in changed:
            self.states.append(changed['LayerState'])

    def wait_for_states(self, *states):
        """Returns when it has been told of exactly these since the last call."""
        self.wait_until(lambda: self.states[:len(states)] == list(states), f'the states {states}')
        del self.states[:len(states)]


def memory(process):
    """Returns the bytes of memory that a process holds."""
    with open(f'/proc/{process.pid}/statm', encoding='ascii') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def is_sanitized(program):
    """Whether a program was built with a sanitizer of memory."""
    with open(program, 'rb') as file:
        return b'__asan_init' in file.read()


def processor_time(process):
    """Returns the seconds that a process has run."""
    with open(f'/proc/{process.pid}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def count_descriptors(process):
    """Returns the number of file descriptors that a process has open."""
    return len(os.listdir(f'/proc/{process.pid}/fd'))


class Audience:
    """Two open tabs and a program on the bus, in the same group."""

    daphnes = 1
    over_tcp = False

    def setUp(self):
        super().setUp()
        self.django, = self.djangos
        self.program = self.enterContext(StatesClient(self.daemon.bus_address))
        self.program.call('Subscribe', '(s)', GROUP)
        self.tabs = [self.tab(), self.tab()]
        self.wait_for_nodes(GROUP, 1)

    def send(self, message):
        """Sends to the tabs' group from the bus, and returns receivers and remotes."""
        return self.send_to(GROUP, message)

    def send_to(self, group, message):
        """Sends to a group from the bus, and returns receivers and remotes."""
        return self.bus.call('SendToGroup', '(ss)', group, message)

    def assert_next(self, message):
        """The next that every local member gets is the message."""
        self.assert_all_hear(self.tabs, message)
        self.assertEqual(self.program.next_event(),
                         (GROUP, {'type': 'chat_message', 'message': message}))

    def try_django_tab(self):
        """Returns a Tab of Daphne, or None: some browser learns that Django's connection is gone."""
        try:
            return self.django_tab(self.django)
        except ConnectionError:
            return None

    def assert_layer_works(self):
        """The very next event arrives at every node, whichever it is from, and nothing else."""
        there = wait_until(self.try_django_tab, 'Django to let a browser in')
        self.wait_for_nodes(GROUP, 2)

        there.say('from Django')
        self.assert_next('from Django')
        self.assertEqual(there.hear(), 'from Django')

        self.tabs[0].say('from a tab')
        self.assert_next('from a tab')
        self.assertEqual(there.hear(), 'from a tab')

        self.assertEqual(self.send('from the bus'), (3, 1))
        self.assert_next('from the bus')
        self.assertEqual(there.hear(), 'from the bus')


class Outage(Audience):
    """Outages of one Redis server, each of another kind."""

    def setUp(self):
        super().setUp()
        self.server, = self.redis

    def assert_local_members_served(self):
        """Local members of the group hear each other, at once."""
        began = time.monotonic()
        self.tabs[0].say('a tab, meanwhile')
        self.assert_next('a tab, meanwhile')
        self.assertLess(time.monotonic() - began, AT_ONCE)

    def assert_unavailable(self, method, *arguments):
        with self.assertRaises(CallError) as caught:
            self.bus.call(method, *arguments)
        self.assertEqual(caught.exception.name, 'org.example.Channels.Error.LayerUnavailable')

    def test_redis_dies_and_comes_back_empty(self):
        self.server.kill()
        self.program.wait_for_states('down')
        self.assertEqual(self.bus.get('LayerState'), 'down')

        self.assert_local_members_served()
        self.assertEqual(self.send('the bus, meanwhile'), (3, 0))
        self.assert_next('the bus, meanwhile')
        self.assert_unavailable('SendToGroup', '(ss)', 'chat_nobody', 'to nobody here')
        event = {'type': GLib.Variant('s', 'probe.event')}
        self.assert_unavailable('SendToChannel', '(sa{sv})', f'specific.{"0" * 32}!x', event)
        newcomer = self.tab('/ws/chat/meanwhile/')
        gone = self.tab('/ws/chat/gone/')
        gone.close()
        wait_until(lambda: not self.channels('chat_gone'), 'the tab to be gone')

        self.server.start()
        self.program.wait_for_states('up')
        self.wait_for_nodes(GROUP, 1)
        self.wait_for_nodes('chat_meanwhile', 1)
        self.assertEqual(self.nodes_in('chat_gone'), 0)
        self.django.manage('send_message', 'the first one')

        self.assert_next('the first one')
        self.assert_layer_works()
        newcomer.say('still here')
        self.assertEqual(newcomer.hear(), 'still here')
        self.assertEqual(self.program.states, [])

    def test_connections_are_cut(self):
        for kind in 'normal', 'pubsub':
            self.server.client.execute_command('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes')
        self.program.wait_for_states('down', 'up')

        self.wait_for_nodes(GROUP, 1)
        self.assert_layer_works()

    def test_redis_freezes(self):
        there = self.django_tab(self.django)
        self.wait_for_nodes(GROUP, 2)

        self.server.sleep(FREEZE)
        self.assert_local_members_served()
        began = time.monotonic()
        receivers, _ = self.send('the bus, meanwhile')
        self.assertEqual(receivers, 3)
        self.assert_next('the bus, meanwhile')
        self.assertLess(time.monotonic() - began, FREEZE + AT_ONCE)
        self.server.client.ping()

        # What was sent meanwhile has been on its way to Redis: there it may have arrived, once.
        wait_until(lambda: self.bus.get('LayerState') == 'up', 'the layer to be up')
        self.wait_for_nodes(GROUP, 2)
        wait_until(lambda: self.send('afterwards') == (3, 1), 'Redis to take what is sent')
        heard = []
        while not heard or heard[-1] != 'afterwards':
            heard.append(there.hear())
        self.assertLessEqual(heard.count('a tab, meanwhile'), 1)
        self.assertLessEqual(heard.count('the bus, meanwhile'), 1)

    def lock_out(self):
        """Cuts all connections to Redis, which goes on, and lets nobody in but this test."""
        self.addCleanup(self.let_in)
        self.server.client.config_set('maxclients', 1)
        for kind in 'normal', 'pubsub':
            self.server.client.execute_command('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes')
        self.program.wait_for_states('down')

    def let_in(self):
        """Ends that."""
        self.server.client.config_set('maxclients', 10000)

    def test_groups_joined_and_left_while_redis_is_out_of_reach(self):
        leaves = self.tab('/ws/chat/leaves/')
        returns = self.tab('/ws/chat/returns/')
        for group in 'chat_leaves', 'chat_returns':
            self.wait_for_nodes(group, 1)

        self.lock_out()
        for tab in leaves, returns:
            tab.close()
        comes = self.tab('/ws/chat/comes/')
        wait_until(lambda: not self.channels('chat_leaves') and not self.channels('chat_returns'),
                   'the tabs to be gone')
        returns = self.tab('/ws/chat/returns/')
        passes = self.tab('/ws/chat/passes/')
        passes.close()
        wait_until(lambda: not self.channels('chat_passes'), 'the tab to be gone')
        self.let_in()
        self.program.wait_for_states('up')

        self.wait_for_nodes('chat_leaves', 0)
        self.assertEqual([self.nodes_in(f'chat_{name}') for name in ('returns', 'comes', 'passes')],
                         [1, 1, 0])
        for tab in returns, comes:
            tab.say('here')
            self.assertEqual(tab.hear(), 'here')
        for tab in returns, comes:
            tab.close()
        self.wait_for_nodes('chat_returns', 0)
        self.assert_layer_works()

    def test_garbage_from_redis(self):
        for name, garbage in self.all_garbage():
            with self.subTest(name):
                self.push(garbage)

        # What is an event after all is the bus's to show, not the chat's.
        self.django.manage('send_message', 'and then this')
        self.assert_all_hear(self.tabs, 'and then this')
        self.program.wait_until(
            lambda: 'and then this' in [event.get('message') for _, event in self.program.events],
            'the good event')
        self.program.events.clear()
        self.assert_layer_works()


class Restarts(Audience):
    """Many outages under traffic between two nodes.

    What each takes is the wait before channelsd tries again, which grows with each
    loss of the same server until that has been up for a while. So there are many
    servers, and each is lost a few times: that takes seconds, and not minutes.
    """

    hosts = HOSTS

    def setUp(self):
        super().setUp()
        self.other = self.enterContext(self.new_daemon())
        wait_until(lambda: self.other.get('LayerState') == 'up', 'the other to be up')
        self.other_program = self.enterContext(StatesClient(self.other.bus_address))
        self.rooms = [self.room_on(host) for host in range(HOSTS)]
        self.here = [self.tab(f'/ws/chat/{room}/') for room in self.rooms]
        self.there = [self.tab(f'/ws/chat/{room}/', self.other) for room in self.rooms]

    def room_on(self, host):
        """Returns a room of the chat whose group lies on a host, one of HOSTS, by Django's ring."""
        return next(room for room in map(str, itertools.count())
                    if (zlib.crc32(self.ring_name(f'chat_{room}').encode()) & 0xFFF) * HOSTS // 4096
                    == host)

    def test_many_restarts_under_traffic(self):
        talker = self.enterContext(BusClient(self.daemon.bus_address))
        near = self.tab('/ws/chat/traffic/')
        far = self.tab('/ws/chat/traffic/', self.other)
        over = threading.Event()

        # One event at a time: what waits for Redis would be memory that varies.
        def talk():
            count = 0
            while not over.is_set():
                count += 1
                receivers, _ = talker.call('SendToGroup', '(ss)', 'chat_traffic', str(count))
                self.assertEqual((receivers, near.hear()), (1, str(count)))
            return count

        def listen():
            heard = []
            while not heard or heard[-1] != 'over':
                heard.append(far.hear())
            return [int(message) for message in heard[:-1]]

        with concurrent.futures.ThreadPoolExecutor() as pool:
            talked, listened = pool.submit(talk), pool.submit(listen)
            try:
                self.restart_all()
                before = self.measure()
                for _ in range(ROUNDS - 1):
                    self.restart_all()
                after = self.measure()
            finally:
                over.set()
                talked.exception()
                self.send_to('chat_traffic', 'over')
            said, heard = talked.result(), listened.result()

        # Each outage costs some events, and none comes twice or out of turn.
        self.assertGreater(said, HOSTS * ROUNDS)
        self.assertGreater(len(heard), HOSTS * ROUNDS)
        self.assertEqual(heard, sorted(set(heard)))

        # What leaks at all leaks with every restart.
        growth_max = GROWTH_MAX_SANITIZED if is_sanitized(CHANNELSD) else GROWTH_MAX
        for (descriptors, held), (descriptors_after, held_after) in zip(before, after):
            self.assertLess(descriptors_after - descriptors, HOSTS * (ROUNDS - 1))
            self.assertLess(held_after - held, growth_max)
        self.assert_layer_works()

        self.other.stop()
        for tab in [near, *self.tabs, *self.here]:
            tab.close()
        self.program.close()
        wait_until(lambda: not self.bus.call('ListGroups', '()')[0], 'all groups to be left')
        wait_until(self.is_clean, 'Redis to be empty')

    def restart_all(self):
        """Restarts each Redis once, and has a message pass behind each."""
        for server, room, here, there in zip(self.redis, self.rooms, self.here, self.there):
            group = f'chat_{room}'
            server.kill()
            self.program.wait_for_states('down')
            self.other_program.wait_for_states('down')
            self.assertEqual(self.send_to(group, 'down'), (1, 0))
            server.start()
            self.program.wait_for_states('up')
            self.other_program.wait_for_states('up')
            self.wait_for_nodes(group, 2)
            # The other's queue, full of the traffic, may lie there, and be emptied last.
            sent = []
            wait_until(lambda: sent.append(self.send_to(group, 'up')) or sent[-1] == (1, 1),
                       'the other to take what is sent')
            self.assertEqual(there.hear(), 'up')
            self.assertEqual([here.hear() for _ in ['down', *sent]], ['down'] + ['up'] * len(sent))

    def measure(self):
        """Returns descriptors and memory of both channelsds."""
        return [(count_descriptors(daemon.process), memory(daemon.process))
                for daemon in (self.daemon, self.other)]

    def is_clean(self):
        """Whether nothing is left in Redis but what a Daphne's tab in the group needs."""
        keys = [key for server in self.redis for key in server.client.keys('*')]
        return self.nodes_in(GROUP) <= 1 and keys in ([], [f'asgi:group:{GROUP}'.encode()])


class TestPubsub(layercase.Pubsub, Outage, LayerCase):
    """The outages of the pub/sub layer."""

    def push(self, payload):
        """Publishes a message to channelsd's group."""
        self.server.client.publish(f'asgi__group__{GROUP}', payload)

    def all_garbage(self):
        """Returns names and bytes of what no Django sends."""
        return GARBAGE.items()


class TestCore(layercase.Core, Outage, LayerCase):
    """What only the core layer keeps in Redis, spoilt."""

    @property
    def node(self):
        """What the names of channelsd's channels begin with."""
        return self.channels(GROUP)[0].split('!')[0] + '!'

    @property
    def queue(self):
        """The key of channelsd's queue."""
        return 'asgi' + self.node

    def push(self, payload):
        """Puts a message in channelsd's queue."""
        self.push_to(self.queue, payload)

    def push_to(self, queue, payload):
        """Puts a message in a queue."""
        self.server.client.zadd(queue, {os.urandom(12) + payload: time.time()})

    def all_garbage(self):
        """Returns names and bytes of what no Django sends."""
        return [*GARBAGE.items(), *MISLED.items()]

    def test_a_connection_breaks_on_one_side(self):
        server = self.enterContext(RedisServer(over_tcp=True))
        proxy = self.enterContext(Proxy(server.port))
        near, behind = (self.enterContext(self.new_daemon([url]))
                        for url in (server.url, proxy.url))
        for daemon in near, behind:
            wait_until(lambda daemon=daemon: daemon.get('LayerState') == 'up', 'the layer to be up')
        tab = self.tab('/ws/chat/behind/', behind)
        wait_until(lambda: server.client.zcard('asgi:group:chat_behind') == 1, 'the tab to join')

        # Redis hears nothing of it: the client that waits at the node's queue stays there.
        proxy.hang_up()
        wait_until(lambda: proxy.accepted == 4 and behind.get('LayerState') == 'up',
                   'both connections to be made again')
        for i in range(3):
            self.assertEqual(near.call('SendToGroup', 'chat_behind', f'{i}'), (0, 1))
            self.assertEqual(tab.hear(), f'{i}')

    def test_memory_is_full(self):
        there = self.django_tab(self.django)
        self.wait_for_nodes(GROUP, 2)

        self.addCleanup(self.server.client.config_set, 'maxmemory', 0)
        self.server.client.config_set('maxmemory', 1)
        self.assertEqual(self.send('full'), (3, 0))
        self.assert_next('full')
        self.assert_unavailable('SendToChannel', '(sa{sv})', f'specific.{"0" * 32}!x',
                                {'type': GLib.Variant('s', 'probe.event')})
        newcomer = self.tab('/ws/chat/newcomer/')
        self.program.wait_for_states('down')
        self.assert_local_members_served()

        self.server.client.config_set('maxmemory', 0)
        self.program.wait_for_states('up')
        self.wait_for_nodes('chat_newcomer', 1)
        self.assertEqual(self.send('and again'), (3, 1))
        self.assert_next('and again')
        # What the tab said last may have been under way to Redis when that had memory again.
        heard = there.hear()
        self.assertEqual(there.hear() if heard == 'a tab, meanwhile' else heard, 'and again')
        newcomer.say('here')
        self.assertEqual(newcomer.hear(), 'here')

    def test_a_node_that_was_killed_leaves_nothing_behind(self):
        with self.new_daemon() as other:
            stays = self.tab('/ws/chat/stays/', other)
            self.tab('/ws/chat/goes/', other)
            for group in 'chat_stays', 'chat_goes':
                self.wait_for_nodes(group, 1)
            node = self.members_in('chat_goes')[0].split('!')[0]

            other.stop(signal.SIGKILL)
            self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_stays', 'too late'), (0, 1))
            other.start_again()

            self.wait_for_nodes('chat_goes', 0)
            stays = self.tab('/ws/chat/stays/', other)
            self.wait_for_nodes('chat_stays', 1)
            self.assertEqual(self.members_in('chat_stays')[0].split('!')[0], node)
            self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_goes', 'x'), (0, 0))
            self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_stays', 'new'), (0, 1))
            self.assertEqual(stays.hear(), 'new')

            # It leaves in an orderly way this time, and its name with it.
            other.restart()
            self.tab('/ws/chat/stays/', other)
            self.wait_for_nodes('chat_stays', 1)
            self.assertNotEqual(self.members_in('chat_stays')[0].split('!')[0], node)

    def test_message_without_its_random_bytes(self):
        self.server.client.zadd(self.queue, {b'': time.time(), b'short': time.time()})
        self.assert_layer_works()

    def test_group_key_of_wrong_type(self):
        key = 'asgi:group:chat_wrong'
        self.server.client.set(key, 'no group')
        tabs = [self.tab('/ws/chat/wrong/'), self.tab('/ws/chat/wrong/')]

        tabs[0].say('local')
        self.assert_all_hear(tabs, 'local')
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_wrong', 'bus'), (2, 0))
        self.assert_all_hear(tabs, 'bus')
        self.assert_layer_works()

        # It is joined anew with the next first member.
        for tab in tabs:
            tab.close()
        wait_until(lambda: not self.channels('chat_wrong'), 'the tabs to be gone')
        self.server.client.delete(key)
        tab = self.tab('/ws/chat/wrong/')
        self.wait_for_nodes('chat_wrong', 1)
        event = {'type': 'chat_message', 'message': 'from Django'}
        self.assertEqual(self.probe().ask('group_send', 'chat_wrong', event), 'done')
        self.assertEqual(tab.hear(), 'from Django')

    def test_queue_of_wrong_type(self):
        self.server.client.set(self.queue, 'no queue')
        self.program.wait_for_states('down')
        before, began = self.errors(), processor_time(self.daemon.process)
        self.assert_local_members_served()
        # What is sent goes out all the same.
        phantom = f'specific.{"0" * 32}!x'
        self.addCleanup(self.server.client.delete, f'asgispecific.{"0" * 32}!')
        event = {'type': GLib.Variant('s', 'probe.event')}
        self.assertEqual(self.bus.call('SendToChannel', '(sa{sv})', phantom, event), (0, 1))
        until = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > until, 'a second to pass')
        self.assertLess(self.errors() - before, 50)
        self.assertLess(processor_time(self.daemon.process) - began, 0.5)
        self.assertEqual(self.program.states, [])

        self.server.client.delete(self.queue)
        self.program.wait_for_states('up')
        self.assert_layer_works()

    def errors(self):
        """Returns how often Redis has answered WRONGTYPE."""
        # 'count=1' or {'count': 1}, as the version of python3-redis has it.
        found = self.server.client.info('errorstats').get('errorstat_WRONGTYPE', 0)
        return int(re.search('[0-9]+', str(found)).group())


class TestCoreRestarts(layercase.Core, Restarts, LayerCase):
    """The core layer's connections, again and again."""


class TestPubsubRestarts(layercase.Pubsub, Restarts, LayerCase):
    """The pub/sub layer's."""


if __name__ == '__main__':
    layercase.main()
