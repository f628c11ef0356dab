#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How channelsd takes over another configuration while it serves.

    test-reload.py CHANNELSD CHANNELSCTL
"""

import os
import signal
import subprocess
import tempfile
import threading
import unittest

import e2e
from busclient import BusClient
from channelsd import PATIENCE, CallError, Daemon, end, read_line, wait_until, write_configuration
from redisserver import Redis
from wsclient import Client

TAKEN = 'the configuration is taken over'
NOT_TAKEN = 'the configuration is not taken over'

ECHO = '[Route echo]\nPath=/echo/\nGroup=echo\nConsumer=echo\n'
CHAT = '[Route chat]\nPath=/ws/chat/\nGroup=chat_chat_room\nConsumer=chat\n'


class ReloadCase(unittest.TestCase):
    def start(self, *arguments, **options):
        daemon = self.enterContext(Daemon(e2e.CHANNELSD, *arguments, **options))
        self.path = os.path.join(daemon.env['XDG_CONFIG_HOME'], 'channels', 'channels.conf')
        return daemon

    def write(self, text):
        """Writes the file as an editor does: another one takes its place."""
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.path + '.new', self.path)

    def tab(self, daemon, path='/ws/chat/', *fields):
        client = self.enterContext(Client(daemon.port))
        client.upgrade(path, *fields)
        return client

    def assert_hears(self, tab, text='{"message": "x"}'):
        tab.send_text(text)
        self.assertEqual(tab.read_text(), text)

    def assert_refused(self, daemon, status, path='/ws/chat/', *fields):
        with self.assertRaisesRegex(ConnectionError, str(status)):
            self.tab(daemon, path, *fields)

    def wait_for_log(self, daemon, text, count=1):
        wait_until(lambda: daemon.log().count(text) >= count, f'{text!r} in {daemon.log()!r}')


class TestRules(ReloadCase):
    def test_routes_origins_hosts_and_limits(self):
        daemon = self.start(configuration='[Limits]\nConnections=2\n')
        before = self.tab(daemon)
        self.assert_refused(daemon, 403, '/ws/chat/', ('Origin', 'https://a.example'))

        self.write('[Server]\nAllowedOrigins=https://a.example\nAllowedHosts=a.example\n'
                   '[Limits]\nConnections=3\nNesting=1\nEventSize=1024\n' + CHAT + ECHO)
        self.assertEqual(daemon.call('Reload'), ())

        self.tab(daemon, '/echo/', ('Origin', 'https://a.example'))
        with Client(daemon.port) as client:
            self.assertEqual(client.request('/health', host='a.example').status, 200)
        self.assert_refused(daemon, 404, '/ws/chat/room/')
        self.tab(daemon)
        self.assert_refused(daemon, 503)
        self.assert_hears(before)
        before.send_text('{"message": []}')
        self.assertIn('"too-deep"', before.read_text())
        with self.assertRaisesRegex(CallError, 'MessageTooBig'):
            daemon.call('SendToGroup', 'x', 'x' * 1025)

        self.write(ECHO)
        daemon.call('Reload')
        self.assertEqual(daemon.get('WebSocketUrl'), '')
        self.assert_hears(before)
        self.assertNotIn(NOT_TAKEN, daemon.log())


class TestHow(ReloadCase):
    def test_by_signal(self):
        daemon = self.start('--no-bus')
        tab = self.tab(daemon)
        write_configuration(daemon.env, CHAT)

        daemon.process.send_signal(signal.SIGHUP)

        self.wait_for_log(daemon, TAKEN)
        self.assert_refused(daemon, 404, '/ws/chat/room/')
        self.assert_hears(tab)

    def test_by_a_file_that_has_changed(self):
        daemon = self.start('--no-bus', configuration='#\n')

        self.write(CHAT)
        self.wait_for_log(daemon, TAKEN)
        self.assert_refused(daemon, 404, '/ws/chat/room/')

        with open(self.path, 'w', encoding='utf-8') as file:
            file.write('[Limits]\n')
        self.wait_for_log(daemon, TAKEN, 2)
        self.tab(daemon, '/ws/chat/room/')

        os.unlink(self.path)
        self.wait_for_log(daemon, TAKEN, 3)
        self.write(CHAT)
        self.wait_for_log(daemon, TAKEN, 4)
        self.assert_refused(daemon, 404, '/ws/chat/room/')

    def test_what_came_through_a_pipe_is_not_read_again(self):
        """It is empty by now: that is not what the user has asked for."""
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-pipe-'))
        pipe = os.path.join(folder, 'channels.conf')
        os.mkfifo(pipe)
        with subprocess.Popen(['sh', '-c', f'printf %s "{CHAT}" >{pipe}']):
            daemon = self.start('--no-bus', '--config', pipe)
        tab = self.tab(daemon)

        daemon.process.send_signal(signal.SIGHUP)

        self.wait_for_log(daemon, 'is a pipe: it cannot be read again')
        self.assert_refused(daemon, 404, '/ws/chat/room/')
        self.assert_hears(tab)

    def test_by_a_file_that_a_link_leads_to(self):
        """As those have it who keep their configuration in a folder of its own, under git."""
        daemon = self.start('--no-bus', configuration='#\n')
        with tempfile.TemporaryDirectory(prefix='channels-dotfiles-') as folder:
            target = os.path.join(folder, 'channels.conf')
            with open(target, 'w', encoding='utf-8') as file:
                file.write('[Limits]\n')
            os.symlink(target, self.path + '.new')
            os.rename(self.path + '.new', self.path)
            self.wait_for_log(daemon, TAKEN)

            with open(target, 'w', encoding='utf-8') as file:
                file.write(CHAT)
            self.wait_for_log(daemon, TAKEN, 2)
            self.assert_refused(daemon, 404, '/ws/chat/room/')

            # As git does with the file on the way to another branch, and back.
            os.unlink(target)
            self.wait_for_log(daemon, TAKEN, 3)
            self.tab(daemon, '/ws/chat/room/')
            with open(target, 'w', encoding='utf-8') as file:
                file.write(CHAT)
            self.wait_for_log(daemon, TAKEN, 4)
            self.assert_refused(daemon, 404, '/ws/chat/room/')

    def test_by_a_file_that_a_link_leads_to_one_day(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-dotfiles-'))
        daemon = self.start('--no-bus', configuration='#\n')
        os.symlink(os.path.relpath(os.path.join(folder, 'channels.conf'),
                                   os.path.dirname(os.path.realpath(self.path))),
                   self.path + '.new')
        os.rename(self.path + '.new', self.path)
        self.wait_for_log(daemon, TAKEN)

        with open(os.path.join(folder, 'channels.conf'), 'w', encoding='utf-8') as file:
            file.write(CHAT)

        self.wait_for_log(daemon, TAKEN, 2)
        self.assert_refused(daemon, 404, '/ws/chat/room/')

    def test_of_a_named_file(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-reload-'))
        self.path = path = os.path.join(directory, 'named.conf')
        self.write('#\n')
        daemon = self.start('--no-bus', '--config', path)

        self.path = path
        self.write(CHAT)
        self.wait_for_log(daemon, TAKEN)
        self.assert_refused(daemon, 404, '/ws/chat/room/')

        os.unlink(path)
        self.wait_for_log(daemon, NOT_TAKEN)
        self.assert_refused(daemon, 404, '/ws/chat/room/')

    def test_many_at_once(self):
        daemon = self.start(configuration='#\n')

        def reload_often():
            with BusClient(daemon.bus_address) as client:
                for _ in range(20):
                    client.call('Reload')
        threads = [threading.Thread(target=reload_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for index in range(20):
            self.write(CHAT if index % 2 else ECHO)
        for thread in threads:
            thread.join()

        self.write(CHAT)
        daemon.call('Reload')
        self.tab(daemon)
        self.assertNotIn(NOT_TAKEN, daemon.log())

    def test_until_the_end(self):
        daemon = self.start('--no-bus', configuration='#\n')

        for _ in range(20):
            daemon.process.send_signal(signal.SIGHUP)
        self.assertEqual(daemon.stop(), 0, daemon.log())


class TestMistakes(ReloadCase):
    def assert_changes_nothing(self, daemon, tab):
        self.assert_hears(tab)
        self.assert_refused(daemon, 404, '/ws/chat/room/')
        self.tab(daemon, '/ws/chat/', ('Origin', 'https://a.example'))

    def test_a_bad_file_changes_nothing_and_says_why(self):
        daemon = self.start(configuration=CHAT + '[Server]\nAllowedOrigins=https://a.example\n')
        tab = self.tab(daemon)

        self.write('[Limits]\nNesting=0\n[Sever]\n')
        self.wait_for_log(daemon, NOT_TAKEN)
        with self.assertRaisesRegex(CallError, 'InvalidFileContent') as caught:
            daemon.call('Reload')

        for text in str(caught.exception), daemon.log():
            self.assertIn(f'{self.path}:2: [Limits] Nesting: ', text)
            self.assertIn(f'{self.path}:3: [Sever]: ', text)
        self.assert_changes_nothing(daemon, tab)

    def test_a_secret_is_not_repeated(self):
        daemon = self.start(configuration='#\n')

        self.write('[Layer]\nHosts=redis://me:secret@h:0\n')
        with self.assertRaises(CallError) as caught:
            daemon.call('Reload')

        self.assertNotIn('secret', str(caught.exception) + daemon.log())


class Traffic:
    """Tabs in one room, one of which speaks all the time: nothing may be lost on the way."""

    def __init__(self, daemon, tabs):
        self._tabs, self._count, self._going = tabs, 0, True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while self._going:
            self._count += 1
            self._tabs[0].send_text(f'{{"message": {self._count}}}')
            # In step with its own: no limit of a rate is in the way.
            assert self._tabs[0].read_text() == f'{{"message": {self._count}}}'

    def finish(self):
        """Ends it; fails with AssertionError where somebody has missed anything."""
        self._going = False
        self._thread.join()
        for tab in self._tabs[1:]:
            for number in range(1, self._count + 1):
                text = tab.read_text()
                assert text == f'{{"message": {number}}}', f'{text} for {number}'
        return self._count


class TestTraffic(ReloadCase):
    def test_tabs_stay_and_nothing_is_lost(self):
        configuration = '[Limits]\nMessageRate=0\n'
        daemon = self.start(configuration=configuration)
        subscriber = self.enterContext(BusClient(daemon.bus_address))
        subscriber.call('Subscribe', '(s)', 'chat_chat_room')
        traffic = Traffic(daemon, [self.tab(daemon) for _ in range(10)])

        for number in range(50):
            self.write(configuration + f'Connections={100 + number}\n' + (CHAT, ECHO)[number % 2])
            daemon.call('Reload')

        count = traffic.finish()
        self.assertGreater(count, 50)
        numbers = [subscriber.next_event()[1]['message'] for _ in range(count)]
        self.assertEqual(numbers, list(range(1, count + 1)))
        self.assertEqual(daemon.get('Connections'), 10)


class TestLayer(ReloadCase):
    def layer(self, redis, backend='redis', more=''):
        return f'[Layer]\nBackend={backend}\nHosts={redis.url}\n{more}'

    def take_over(self, daemon, text):
        """Writes the file, and waits until the layer that it asks for works."""
        self.write(text)
        daemon.call('Reload')
        wait_until(lambda: daemon.get('LayerState') == 'up', 'the layer')

    def assert_reaches(self, sender, receiver, tab):
        """What is sent at one node reaches the other's tab, and says so."""
        self.assertEqual(sender.call('SendToGroup', 'chat_chat_room', 'x'), (0, 1))
        self.assertEqual(tab.read_text(), '{"message": "x"}')

    def test_the_layer_is_another_and_the_tabs_stay(self):
        redis, other_redis = self.enterContext(Redis()), self.enterContext(Redis())
        daemon = self.start(configuration='#\n')
        path = self.path
        tab = self.tab(daemon)
        channel = daemon.call('ListMembers', 'chat_chat_room')[0][0][0]
        for server, backend, more in ((redis, 'redis', ''), (redis, 'redis', 'Expiry=30\n'),
                                      (redis, 'redis', 'Prefix=other\n'),
                                      (other_redis, 'redis', ''), (redis, 'redis-pubsub', '')):
            with self.subTest(backend=backend, more=more, server=server.path):
                self.path = path
                self.take_over(daemon, self.layer(server, backend, more))
                self.assertEqual(daemon.get('Layer'), backend)
                with Daemon(e2e.CHANNELSD,
                            configuration=self.layer(server, backend, more)) as peer:
                    wait_until(lambda: peer.get('LayerState') == 'up', 'the peer')
                    self.assert_reaches(peer, daemon, tab)
                    self.assertEqual(
                        peer.call('SendToChannel', channel,
                                  "{'type': <'chat_message'>, 'message': <'to you'>}"), (0, 1))
                    self.assertEqual(tab.read_text(), '{"message": "to you"}')
                self.assert_hears(tab)

        self.take_over(daemon, '#\n')
        self.assertEqual(daemon.get('Layer'), 'memory')
        self.assert_hears(tab)
        self.assertEqual((redis.keys(), other_redis.keys()), ([], []))

    def test_a_node_that_changed_and_was_killed_leaves_nothing_behind(self):
        redis = self.enterContext(Redis())
        daemon = self.start(configuration='#\n')
        self.tab(daemon)
        self.take_over(daemon, self.layer(redis))
        wait_until(redis.keys, 'its group')

        daemon.stop(signal.SIGKILL)
        daemon.start_again()
        wait_until(lambda: redis.keys() == [], 'what it left to be gone')

    def test_local_traffic_goes_on_through_a_change(self):
        redis = self.enterContext(Redis())
        limits = '[Limits]\nMessageRate=0\n'
        daemon = self.start(configuration=limits)
        traffic = Traffic(daemon, [self.tab(daemon) for _ in range(5)])

        for number in range(10):
            self.write(limits + (self.layer(redis) if number % 2 else ''))
            daemon.call('Reload')

        self.assertGreater(traffic.finish(), 10)

    def test_it_stops_in_the_middle_of_a_change(self):
        redis = self.enterContext(Redis())
        daemon = self.start(configuration=self.layer(redis))
        self.tab(daemon)
        wait_until(lambda: daemon.get('LayerState') == 'up', 'the layer')

        self.write('#\n')
        daemon.process.send_signal(signal.SIGHUP)
        self.assertEqual(daemon.stop(), 0, daemon.log())
        self.assertEqual(redis.keys(), [])


class TestAddresses(ReloadCase):
    def test_another_listen_waits_for_the_next_start(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-reload-'))
        self.path = os.path.join(directory, 'named.conf')
        log = os.path.join(directory, 'log')
        self.write('[Server]\nListen=127.0.0.1:0\n')
        with open(log, 'w', encoding='utf-8') as errors:
            process = subprocess.Popen([e2e.CHANNELSD, '--no-bus', '--config', self.path],
                                       stdout=subprocess.PIPE, stderr=errors, bufsize=0)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)
        read_line(process.stdout)

        def read_log():
            with open(log, encoding='utf-8') as file:
                return file.read()

        self.write('[Server]\nListen=127.0.0.1:0;[::1]:0\n')
        wait_until(lambda: TAKEN in read_log(), 'the other file')
        self.assertIn('another Listen= holds from the next start on', read_log())


if __name__ == '__main__':
    e2e.main()
