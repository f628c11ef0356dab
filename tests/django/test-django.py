#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""channelsd and real Django Channels processes as equal nodes of one layer.

    test-django.py CHANNELSD CHANNELSCTL [CLASS…]

project/ is the tutorial's Django project.
"""

import base64
import contextlib
import hashlib
import json
import subprocess
import time

import layercase
import msgpack
from busclient import BusClient
from channelsd import PATIENCE, CallError, end, read_line, wait_until
from cryptography.fernet import Fernet
from gi.repository import GLib
from layercase import CHANNELSCTL, GROUP, LONG_GROUP, LayerCase, read_manual_users

TUTORIAL_MESSAGE = '這是從後端通過 command 發送的 WebSocket 訊息'
MEBIBYTE = 1 << 20
CAPACITY = 100

# Values of events, as GVariant and Python write them: each is the other's.
VALUES = {
    'least': ('int64 -9223372036854775808', -2 ** 63),
    'most': ('int64 9223372036854775807', 2 ** 63 - 1),
    'unsigned': ('uint64 9223372036854775808', 2 ** 63),
    'unsigned-most': ('uint64 18446744073709551615', 2 ** 64 - 1),
    'zero': ('int64 0', 0),
    'double': ('1.5', 1.5),
    'integral-double': ('3.0', 3.0),
    'minus-zero': ('-0.0', -0.0),
    'least-double': ('2.2250738585072014e-308', 2.2250738585072014e-308),
    'most-double': ('1.7976931348623157e+308', 1.7976931348623157e+308),
    'true': ('true', True),
    'false': ('false', False),
    'null': ("signature ''", None),
    'text': ("'héllo 你好 \U0001f600 \"\\\\\\n\\u0001'", 'héllo 你好 \U0001f600 "\\\n\x01'),
    'no-text': ("''", ''),
    'long-text': (f"'{'x' * 70000}'", 'x' * 70000),
    'bytes': ('[byte 0x00, 0xff, 0xc3]', b'\x00\xff\xc3'),
    'no-bytes': ('@ay []', b''),
    'list': ("[<int64 1>, <signature ''>, <true>, <'x'>, <@av []>]", [1, None, True, 'x', []]),
    'no-list': ('@av []', []),
    'map': ("{'deep': <{'deeper': <[<{'deepest': <[byte 0x80]>}>]>}>}",
            {'deep': {'deeper': [{'deepest': b'\x80'}]}}),
    'no-map': ('@a{sv} {}', {}),
    'ключ': ("'значение'", 'значение'),
}

# Those that D-Bus tells apart and MessagePack does not.
NARROW_VALUES = {
    'byte': ('byte 0xff', 255),
    'int16': ('int16 -32768', -32768),
    'uint16': ('uint16 65535', 65535),
    'int32': ('-2147483648', -2147483648),
    'uint32': ('uint32 4294967295', 4294967295),
    'small-uint64': ('uint64 1', 1),
    'strings': ("['a', 'b']", ['a', 'b']),
    'structure': ("('a', true)", ['a', True]),
    'dictionary': ("{'k': 'v'}", {'k': 'v'}),
}

# An event as gdbus and as Python have it: msgpack writes a dictionary in its order.
WHOLE_EVENT_TEXT = ("{'type': <'probe.event'>, 'message': <'héllo'>, 'n': <int64 1>, 'f': <1.5>, "
                    "'b': <[byte 0x00, 0xff]>, 'l': <[<int64 1>, <signature ''>, <true>]>}")
WHOLE_EVENT = {'type': 'probe.event', 'message': 'héllo', 'n': 1, 'f': 1.5, 'b': b'\x00\xff',
               'l': [1, None, True]}
NAMES_KEY = '__asgi_channel__'

RESERVED_TYPES = ('websocket.close', 'websocket.receive', 'websocket_send', 'http.request',
                  '_private')


def fernet(key):
    """Returns the Fernet that channels_redis makes of a symmetric encryption key."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))


@contextlib.contextmanager
def listening(servers, channel):
    """Subscribes to a channel of Redis; gives a function that returns the next payload."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(server.client.pubsub()) for server in servers]
        for listener in listeners:
            listener.subscribe(channel)
            assert listener.get_message(timeout=PATIENCE)['type'] == 'subscribe'

        def next_message():
            for listener in listeners:
                message = listener.get_message()
                if message:
                    return message
            return None

        yield lambda: wait_until(next_message, 'a publication')['data']


def url_of_user(url, name, secret):
    """Returns a server's URL with a user in it."""
    return url.replace('://', f'://{name}:{secret}@')


class WholeEventsClient(BusClient):
    """A BusClient whose events are GVariants: unpacked, they would lose their types."""

    def _on_event_received(self, _connection, _sender, _path, _interface, _signal, parameters):
        self.events.append((parameters.get_child_value(0).get_string(),
                            parameters.get_child_value(1)))


class Interop:
    """What holds over every layer that Django has."""

    def everywhere(self):
        """Returns tabs in the tutorial's group: of channelsd first, then of each Daphne."""
        tabs = [self.tab(), *map(self.django_tab, self.djangos)]
        self.wait_for_nodes(GROUP, len(tabs))
        return tabs

    def listen(self, group):
        """Returns a `channelsctl listen` that has joined a group."""
        listener = subprocess.Popen([CHANNELSCTL, 'listen', group], env=self.daemon.env,
                                    stdout=subprocess.PIPE, bufsize=0)
        self.addCleanup(listener.stdout.close)
        self.addCleanup(end, listener)
        wait_until(lambda: self.channels(group, 'bus'), 'channelsctl to join')
        return listener

    def assert_refused(self, error, method, *arguments):
        with self.assertRaises(CallError) as caught:
            self.bus.call(method, *arguments)
        self.assertEqual(caught.exception.name, f'org.example.Channels.Error.{error}')

    def test_browsers_of_every_node_hear_each_other(self):
        tabs = [*self.everywhere(), self.tab(), self.django_tab(self.djangos[0])]

        for i, tab in enumerate(tabs):
            tab.say(f'hello from {i}, 你好')
            self.assert_all_hear(tabs, f'hello from {i}, 你好')

    def test_messages_of_one_sender_keep_their_order(self):
        tabs = self.everywhere()

        for sender in tabs:
            for i in range(20):
                sender.say(i)
            for tab in tabs:
                self.assertEqual([tab.hear() for _ in range(20)], list(range(20)))

    def test_a_message_may_be_any_json_value(self):
        tabs = self.everywhere()
        values = [None, True, -1, 2 ** 64 - 1, 1.5, '', [], {}, {'a': [{'b': None}]}]

        for sender in tabs:
            for value in values:
                sender.say(value)
                self.assert_all_hear(tabs, value)

    def test_the_tutorials_command_reaches_all(self):
        tabs = self.everywhere()
        program = self.bus_client(GROUP)
        listener = self.listen(GROUP)
        event = {'type': 'chat_message', 'message': TUTORIAL_MESSAGE}

        printed = self.djangos[0].manage('send_message')

        self.assertEqual(printed, 'Message sent successfully\n')
        self.assert_all_hear(tabs, TUTORIAL_MESSAGE)
        self.assertEqual(program.next_event(), (GROUP, event))
        self.assertEqual(json.loads(read_line(listener.stdout)), {'group': GROUP, 'event': event})

    def test_the_desktop_reaches_all(self):
        tabs = self.everywhere()

        self.assertEqual(self.daemon.call('SendToGroup', GROUP, 'hello from the desktop'), (1, 2))
        self.assert_all_hear(tabs, 'hello from the desktop')

        self.assertEqual(self.ctl('send', GROUP, 'from a terminal'),
                         'Message sent successfully (1 receiver, 2 remotes)\n')
        self.assert_all_hear(tabs, 'from a terminal')

        many = [(GROUP, 'one'), ('chat_empty', 'nobody hears'), (GROUP, 'two')]
        self.assertEqual(self.bus.call('SendMany', '(a(ss))', many), (2, 4))
        self.assert_all_hear(tabs, 'one')
        self.assert_all_hear(tabs, 'two')

    def test_remotes_are_nodes_and_not_browsers(self):
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', GROUP, 'to nobody'), (0, 0))

        tabs = [self.django_tab(self.djangos[0]) for _ in range(3)]
        self.wait_for_nodes(GROUP, 1)
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', GROUP, 'to one node'), (0, 1))
        self.assert_all_hear(tabs, 'to one node')

        tabs += [self.tab(), self.tab()]
        self.wait_for_nodes(GROUP, 2)
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', GROUP, 'and here'), (2, 1))
        self.assert_all_hear(tabs, 'and here')

    def test_two_channelsd_are_two_nodes(self):
        with self.new_daemon() as other:
            tabs = [*self.everywhere(), self.tab(daemon=other)]
            self.wait_for_nodes(GROUP, len(tabs))

            for i, tab in enumerate(tabs):
                tab.say(i)
                self.assert_all_hear(tabs, i)
            self.assertEqual(other.call('SendToGroup', GROUP, 'hello'), (1, 3))
            self.assert_all_hear(tabs, 'hello')

    def test_a_user_as_in_the_manual(self):
        user = read_manual_users()[self.backend]
        for server in self.redis:
            server.client.execute_command(*user)
        name, secret = user[2], next(word[1:] for word in user if word.startswith('>'))
        urls = [url_of_user(server.url, name, secret) for server in self.redis]

        with self.new_daemon(urls) as other:
            wait_until(lambda: other.get('LayerState') == 'up', 'the layer to be up')
            tabs = [*self.everywhere(), self.tab(daemon=other)]
            self.wait_for_nodes(GROUP, len(tabs))
            for i, tab in enumerate(tabs):
                tab.say(i)
                self.assert_all_hear(tabs, i)
            self.assertEqual(other.stop(), 0)
            self.wait_for_nodes(GROUP, len(tabs) - 1)
            self.assertNotIn('CRITICAL', other.log())
            self.assertNotIn('NOPERM', other.log())

    def test_values_reach_django_as_they_are(self):
        probe = self.probe('values')
        self.wait_for_nodes('values', 1)
        values = {'type': ("'probe.event'", 'probe.event'), **VALUES, **NARROW_VALUES}
        text = ', '.join(f"'{key}': <{value}>" for key, (value, _) in values.items())

        self.assertEqual(self.daemon.call('SendEventToGroup', 'values', f'{{{text}}}'), (0, 1))

        event = probe.see()
        self.assertEqual({key: repr(value) for key, value in event.items()},
                         {key: repr(value) for key, (_, value) in values.items()})

    def test_values_from_django_arrive_as_they_are(self):
        program = self.enterContext(WholeEventsClient(self.daemon.bus_address))
        program.call('Subscribe', '(s)', 'values')
        self.wait_for_nodes('values', 1)
        event = {'type': 'probe.event', **{key: value for key, (_, value) in VALUES.items()}}

        self.assertEqual(self.probe().ask('group_send', 'values', event), 'done')

        group, received = program.next_event()
        self.assertEqual(group, 'values')
        self.assertEqual(set(received.keys()), set(event))
        for key, (text, _) in VALUES.items():
            with self.subTest(key):
                value = received.lookup_value(key, None)
                self.assertEqual(value.print_(True),
                                 GLib.Variant.parse(None, text, None, None).print_(True))

    def test_a_channel_of_django_is_reached(self):
        for django in self.djangos:
            probes = [self.probe('probes', django) for _ in range(3)]
            for probe in probes:
                event = {'type': GLib.Variant('s', 'probe.event'),
                         'to': GLib.Variant('s', probe.channel)}
                self.assertEqual(self.bus.call('SendToChannel', '(sa{sv})', probe.channel, event),
                                 (0, 1))
            for probe in probes:
                self.assertEqual(probe.see(), {'type': 'probe.event', 'to': probe.channel})

    def test_channels_of_channelsd_are_reached(self):
        tabs = [self.tab() for _ in range(8)]
        program = self.bus_client(GROUP)
        names = self.channels(GROUP)
        sender = self.probe(django=self.djangos[1])

        for name in names:
            event = {'type': 'chat_message', 'message': name}
            self.assertEqual(sender.ask('send', name, event), 'done')
        self.assertEqual({tab.hear() for tab in tabs}, set(names))

        event = {'type': 'any.thing', 'n': 1}
        name, = self.channels(GROUP, 'bus')
        self.assertEqual(sender.ask('send', name, event), 'done')
        self.assertEqual(program.next_event(), ('', event))

    def test_a_mebibyte_passes(self):
        tabs = self.everywhere()
        text = 'x' * (MEBIBYTE - len('{"message": ""}'))

        for sender in tabs:
            sender.say(text)
            self.assert_all_hear(tabs, text)

        text = '訊' * (MEBIBYTE // 3 - 100)
        self.assertEqual(self.ctl('send', GROUP, '-', input=text),
                         'Message sent successfully (1 receiver, 2 remotes)\n')
        self.assert_all_hear(tabs, text)

    def test_the_longest_name_passes(self):
        tab = self.tab('/ws/long/')
        probe = self.probe(LONG_GROUP)
        self.wait_for_nodes(LONG_GROUP, 2)

        tab.say('from channelsd')
        self.assertEqual(tab.hear(), 'from channelsd')
        self.assertEqual(probe.see(), {'type': 'chat_message', 'message': 'from channelsd'})

        self.assertEqual(self.bus.call('SendToGroup', '(ss)', LONG_GROUP, 'from the bus'), (1, 1))
        self.assertEqual(tab.hear(), 'from the bus')

        event = {'type': 'chat_message', 'message': 'from Django'}
        self.assertEqual(self.probe().ask('group_send', LONG_GROUP, event), 'done')
        self.assertEqual(tab.hear(), 'from Django')

    def test_a_reserved_type_does_not_leave(self):
        tabs = self.everywhere()
        channel = self.probe('probes').channel

        for name in RESERVED_TYPES:
            with self.subTest(name):
                event = {'type': GLib.Variant('s', name)}
                self.assert_refused('InvalidEvent', 'SendEventToGroup', '(sa{sv})', GROUP, event)
                self.assert_refused('InvalidEvent', 'SendToChannel', '(sa{sv})', channel, event)

        tabs[0].say('all are here')
        self.assert_all_hear(tabs, 'all are here')

    def test_events_that_nobody_handles_close_nothing(self):
        tab = self.tab('/ws/chat/lonely/')
        self.wait_for_nodes('chat_lonely', 1)
        channel, = self.channels('chat_lonely')
        sender = self.probe()
        events = [{'type': name} for name in ('nobody.knows', 'chat', '', 7, None, *RESERVED_TYPES)]
        events += [{}, {'message': 'no type'}, {'type': 'chat_message'}]

        for event in events:
            self.assertEqual(sender.ask('group_send', 'chat_lonely', event), 'done')
            self.assertEqual(sender.ask('send', channel, event), 'done')
        for dotted in 'chat_message', 'chat.message':
            event = {'type': dotted, 'message': dotted}
            self.assertEqual(sender.ask('group_send', 'chat_lonely', event), 'done')

        self.assertEqual(tab.hear(), 'chat_message')
        self.assertEqual(tab.hear(), 'chat.message')


class CoreInterop(layercase.Core, Interop):
    """What is the core layer's own."""

    # A channel of a node that has died: what is sent to it waits in Redis.
    PHANTOM = f'specific.{"0" * 32}!{"1" * 32}'
    PHANTOM_KEY = f'asgispecific.{"0" * 32}!'

    def fill_phantom(self):
        """Sends to the phantom until its queue is full, and returns the queue's server."""
        self.addCleanup(self.delete, self.PHANTOM_KEY)
        event = {'type': GLib.Variant('s', 'probe.event')}
        for _ in range(CAPACITY):
            self.assertEqual(self.bus.call('SendToChannel', '(sa{sv})', self.PHANTOM, event),
                             (0, 1))
        self.assert_refused('ChannelFull', 'SendToChannel', '(sa{sv})', self.PHANTOM, event)
        server, = (server for server in self.redis if server.client.exists(self.PHANTOM_KEY))
        return server

    def delete(self, key):
        """Deletes a key on whichever server."""
        for server in self.redis:
            server.client.delete(key)

    def test_a_queue_that_nobody_drains_fills(self):
        client = self.fill_phantom().client

        queue = client.zrange(self.PHANTOM_KEY, 0, -1)

        self.assertEqual(len(queue), CAPACITY)
        self.assertTrue(0 < client.ttl(self.PHANTOM_KEY) <= 60)
        for waiting in queue:
            self.assertEqual(waiting[12:].startswith(b'gAAAAA'), bool(self.keys))

    def test_a_worker_has_all_that_is_sent_to_its_channel(self):
        worker = self.probe()
        for n in range(2 * self.hosts + 1):
            event = {'type': GLib.Variant('s', 'probe.event'), 'n': GLib.Variant('x', n)}
            self.assertEqual(self.bus.call('SendToChannel', '(sa{sv})', 'thumbnails', event),
                             (0, 1))
            self.assertEqual(worker.ask('receive', 'thumbnails'), {'type': 'probe.event', 'n': n})

    def test_a_full_node_is_no_remote(self):
        tab = self.tab('/ws/chat/full/')
        self.addCleanup(self.delete, 'asgi:group:chat_full')
        self.assertEqual(self.probe().ask('group_add', 'chat_full', self.PHANTOM), 'done')
        self.wait_for_nodes('chat_full', 2)
        self.fill_phantom()

        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_full', 'past it'), (1, 0))
        self.assertEqual(tab.hear(), 'past it')

        self.delete(self.PHANTOM_KEY)
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_full', 'to it'), (1, 1))
        self.assertEqual(tab.hear(), 'to it')

    def test_one_member_a_node_and_group(self):
        with self.new_daemon() as other:
            tabs = [self.tab('/ws/chat/keys/', other) for _ in range(3)]
            self.wait_for_nodes('chat_keys', 1)

            member, = self.members_in('chat_keys')
            node = member.split('!')[0]
            self.assertRegex(node, '^specific[.][0-9a-f]{32}$')
            server, = (server for server in self.redis
                       if server.client.exists('asgi:group:chat_keys'))
            self.assertTrue(0 < server.client.ttl('asgi:group:chat_keys') <= 86400)

            event = {'type': 'chat_message', 'message': 'to all three'}
            self.assertEqual(self.probe().ask('group_send', 'chat_keys', event), 'done')
            self.assert_all_hear(tabs, 'to all three')

            self.assertEqual(other.stop(), 0)
            self.assertEqual(self.members_in('chat_keys'), [])
            for server in self.redis:
                self.assertEqual(server.client.keys(f'*{node}*'), [])


    def test_the_bytes_are_those_of_python(self):
        self.addCleanup(self.delete, self.PHANTOM_KEY)
        self.assertEqual(self.daemon.call('SendToChannel', self.PHANTOM, WHOLE_EVENT_TEXT), (0, 1))
        self.addCleanup(self.delete, 'asgi:group:values')
        self.assertEqual(self.probe().ask('group_add', 'values', self.PHANTOM), 'done')
        self.wait_for_nodes('values', 1)
        self.assertEqual(self.daemon.call('SendEventToGroup', 'values', WHOLE_EVENT_TEXT), (0, 1))

        server, = (server for server in self.redis if server.client.exists(self.PHANTOM_KEY))
        to_one, to_group = (self.unseal(message[12:])
                            for message in server.client.zrange(self.PHANTOM_KEY, 0, -1))

        self.assertEqual(to_one, msgpack.packb({**WHOLE_EVENT, NAMES_KEY: self.PHANTOM}))
        self.assertEqual(to_group, msgpack.packb({**WHOLE_EVENT, NAMES_KEY: [self.PHANTOM]}))

    def unseal(self, payload):
        """Returns what is in a payload, which is encrypted where there are keys."""
        return fernet(self.keys[-1]).decrypt(payload) if self.keys else payload


class PubsubInterop(layercase.Pubsub, Interop):
    """What is the pub/sub layer's own."""

    def test_a_channel_that_nobody_has_is_an_error(self):
        channel = self.probe('probes').channel
        event = {'type': GLib.Variant('s', 'probe.event')}
        for name in channel[:-1] + 'g', f'specific.{"0" * 32}!{"1" * 32}':
            self.assert_refused('NoSuchChannel', 'SendToChannel', '(sa{sv})', name, event)
        self.assertEqual(self.bus.call('SendToChannel', '(sa{sv})', channel, event), (0, 1))

    def test_the_bytes_are_those_of_python(self):
        with listening(self.redis, 'asgi__group__values') as heard:
            self.assertEqual(self.daemon.call('SendEventToGroup', 'values', WHOLE_EVENT_TEXT),
                             (0, 1))
            self.assertEqual(heard(), msgpack.packb(WHOLE_EVENT))

    def test_nothing_is_kept_in_redis(self):
        tabs = self.everywhere()
        tabs[0].say('hello')
        self.assert_all_hear(tabs, 'hello')
        for server in self.redis:
            self.assertEqual(server.client.keys('*'), [])

    def test_joins_and_leaves_under_traffic(self):
        with self.new_daemon() as other:
            sender = self.tab('/ws/chat/traffic/')
            stays = self.tab('/ws/chat/traffic/', other)
            self.wait_for_nodes('chat_traffic', 2)
            for i in range(200):
                if i % 5 == 0:
                    comes_and_goes = self.tab('/ws/chat/traffic/', other if i % 2 else None)
                sender.say(i)
                if i % 5 == 4:
                    comes_and_goes.close()
            self.assertEqual([sender.hear() for _ in range(200)], list(range(200)))
            self.assertEqual([stays.hear() for _ in range(200)], list(range(200)))

    def test_the_only_member_comes_and_goes(self):
        with self.new_daemon() as other:
            stays = self.tab('/ws/chat/alone/', other)
            self.wait_for_nodes('chat_alone', 1)
            heard = []
            for i in range(100):
                tab = self.tab('/ws/chat/alone/')
                tab.say(i)
                heard.append(tab.hear())
                self.assertLessEqual(self.bus.call('SendToGroup', '(ss)', 'chat_alone', 'x')[1], 1)
                tab.close()
            self.assertEqual(heard, list(range(100)))
            self.assertEqual([stays.hear() for _ in range(200)],
                             [value for i in range(100) for value in (i, 'x')])


class TestPubsub(PubsubInterop, LayerCase):
    pass


class TestPubsubTwoHosts(PubsubInterop, LayerCase):
    hosts = 2


class TestPubsubEncrypted(layercase.Pubsub, LayerCase):
    """What channels_redis does since 4.2.1, which is newer than Debian's: Python's Fernet does it.

    """

    keys = 'the first key', 'another, older key'
    daphnes = 0

    def test_nodes_hear_each_other(self):
        with self.new_daemon() as other:
            tabs = [self.tab(), self.tab(daemon=other)]
            self.wait_for_nodes(GROUP, 2)
            for i, tab in enumerate(tabs):
                tab.say(i)
                self.assert_all_hear(tabs, i)
            self.assertEqual(other.call('SendToGroup', GROUP, 'hello'), (1, 1))
            self.assert_all_hear(tabs, 'hello')

    def test_python_opens_what_is_sent(self):
        with listening(self.redis, 'asgi__group__values') as heard:
            self.assertEqual(self.daemon.call('SendEventToGroup', 'values', WHOLE_EVENT_TEXT),
                             (0, 1))
            self.assertEqual(fernet(self.keys[-1]).decrypt(heard()), msgpack.packb(WHOLE_EVENT))

    def test_what_python_sends_is_opened_at_any_age(self):
        tab = self.tab()
        self.wait_for_nodes(GROUP, 1)
        for key in self.keys:
            for age in 0, 1000000, -1000000:
                event = msgpack.packb({'type': 'chat_message', 'message': f'{key} {age}'})
                token = fernet(key).encrypt_at_time(event, int(time.time()) - age)
                self.redis[0].client.publish(f'asgi__group__{GROUP}', token)
                self.assertEqual(tab.hear(), f'{key} {age}')


class TestCore(CoreInterop, LayerCase):
    pass


class TestCoreEncrypted(CoreInterop, LayerCase):
    keys = 'the first key', 'another, older key'


class TestCoreTwoHosts(CoreInterop, LayerCase):
    hosts = 2


class TestCoreTwoHostsEncrypted(CoreInterop, LayerCase):
    hosts = 2
    keys = 'key', 'lock'


if __name__ == '__main__':
    layercase.main()
