#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How channelsd starts, is configured, and ends.

    test-life.py CHANNELSD CHANNELSCTL
"""

import concurrent.futures
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import e2e
from busclient import BusClient
from channelsd import (BUS_NAME, LISTENING, OBJECT_PATH, PATIENCE, Bus, Daemon, end,
                       make_environment, read_line, reserve_port, wait_until, write_configuration)
from wsclient import BINARY, TEXT, Client

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
STOP_TIME = 2  # seconds that an orderly stop may take

SUCCESS, FAILURE, USAGE, RUNNING = range(4)  # exit statuses

CALLERS = 4  # at once


class LifeCase(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-life-'))
        self.env = make_environment(directory)

    def run_daemon(self, *arguments, **env):
        """Runs a channelsd that is to end by itself; returns how it did."""
        return subprocess.run([e2e.CHANNELSD, *arguments], env={**self.env, **env},
                              capture_output=True, text=True, timeout=PATIENCE, check=False)

    def assert_fails(self, status, saying, *arguments, **env):
        """It says what is wrong in one line, and exits with a status."""
        done = self.run_daemon(*arguments, **env)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, '')
        self.assertRegex(done.stderr, saying)
        self.assertTrue(done.stderr.startswith('channelsd: '), done.stderr)
        self.assertEqual(done.stderr.count('\n'), 1, done.stderr)

    def start(self, *arguments, **options):
        return self.enterContext(Daemon(e2e.CHANNELSD, *arguments, **options))

    def tab(self, daemon, path='/ws/chat/', **options):
        client = self.enterContext(Client(daemon.port, **options))
        client.upgrade(path)
        return client


class TestActivation(LifeCase):
    def call(self, address):
        """Calls the service, which the bus is to start, to listen at an address."""
        services = os.path.join(self.env['XDG_DATA_HOME'], 'dbus-1', 'services')
        os.makedirs(services)
        template = os.path.join(ROOT, f'{BUS_NAME}.service')
        with open(template, encoding='utf-8') as file:
            service = file.read().replace('@bindir@', os.path.dirname(e2e.CHANNELSD))
        with open(os.path.join(services, f'{BUS_NAME}.service'), 'w', encoding='utf-8') as file:
            file.write(service)
        write_configuration(self.env, f'[Server]\nListen={address}\n')

        bus = self.enterContext(Bus([services], environment=self.env))
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        return bus, subprocess.run(
            ['gdbus', 'call', '--session', '--dest', BUS_NAME, '--object-path', OBJECT_PATH,
             '--method', f'{BUS_NAME}.SendToGroup', 'chat_chat_room', 'hello from the desktop'],
            env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def ctl(self, *arguments):
        return subprocess.run([e2e.CHANNELSCTL, *arguments], env=self.env, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)

    def test_the_bus_starts_what_is_called(self):
        bus, done = self.call('127.0.0.1:0')

        self.assertEqual(done.stdout, '(uint32 0, uint32 0)\n', done.stderr)

        with BusClient(bus.address) as client:
            url = client.get('Url')
            handle = os.pidfd_open(client.service_process())
        with urllib.request.urlopen(url + 'health', timeout=PATIENCE) as answer:
            self.assertEqual(json.load(answer), {'status': 'ok'})

        # Not a child of ours: that it has ended is all that can be seen.
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        self.assertTrue(select.select([handle], [], [], PATIENCE)[0])
        os.close(handle)

    def test_who_calls_what_cannot_start_is_told(self):
        first = self.start('--no-bus')

        _, done = self.call(f'127.0.0.1:{first.port}')

        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertRegex(done.stderr, rf'DBus\.Error\.Spawn\.Failed: .*{first.port}.*in use')

        # So are those who come while it ends, and in words; a look at it is no different.
        commands = [('send', 'chat_chat_room', 'hello'), ('status',)] * (CALLERS * 4)
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
            for told in pool.map(lambda words: self.ctl(*words), commands):
                self.assertEqual(told.returncode, FAILURE, told.stderr)
                self.assertRegex(told.stderr, rf'could not be started: .*{first.port}.*in use')


class TestEnd(LifeCase):
    def assert_ends(self, daemon, with_signal):
        """It says good-bye to its tabs and ends in time."""
        polite, silent = self.tab(daemon), self.tab(daemon)
        blocked = self.tab(daemon, '/ws/chat/blocked/', receive_buffer=4096)
        for _ in range(10):
            self.assertEqual(daemon.call('SendToGroup', 'chat_blocked', 'x' * 65536), (1, 0))

        started = time.monotonic()
        daemon.process.send_signal(with_signal)

        self.assertEqual(polite.read_close(), 1001)
        self.assertEqual(daemon.process.wait(PATIENCE), SUCCESS, daemon.log())
        self.assertLess(time.monotonic() - started, STOP_TIME)
        self.assertEqual(silent.read_frame()[1][:2], (1001).to_bytes(2, 'big'))
        blocked.close()
        self.assertEqual(daemon.log(), '')

    def test_sigterm(self):
        self.assert_ends(self.start(), signal.SIGTERM)

    def test_sigint(self):
        self.assert_ends(self.start(), signal.SIGINT)

    def test_polite_tabs_are_not_waited_for(self):
        daemon = self.start()
        tab = self.tab(daemon)

        started = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(tab.read_close(), 1001)
        tab.wait_for_end()
        tab.close()

        self.assertEqual(daemon.process.wait(PATIENCE), SUCCESS)
        self.assertLess(time.monotonic() - started, 1)

    def test_impatience_changes_nothing(self):
        daemon = self.start()
        tab = self.tab(daemon)

        for with_signal in signal.SIGTERM, signal.SIGINT, signal.SIGTERM:
            daemon.process.send_signal(with_signal)

        self.assertEqual(tab.read_close(), 1001)
        tab.close()
        self.assertEqual(daemon.process.wait(PATIENCE), SUCCESS)

    def test_nobody_is_accepted_any_more(self):
        daemon = self.start()
        tab = self.tab(daemon)

        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(tab.read_frame()[1][:2], (1001).to_bytes(2, 'big'))

        with self.assertRaises(ConnectionRefusedError):
            Client(daemon.port)

    def test_the_end_of_the_bus(self):
        bus = self.enterContext(Bus())
        daemon = self.start(bus=bus)
        tab = self.tab(daemon)

        bus.stop()

        self.assertEqual(tab.read_close(), 1001)
        self.assertEqual(daemon.process.wait(PATIENCE), SUCCESS, daemon.log())

    def test_the_ports_are_free_at_once(self):
        daemon = self.start()
        tab = self.tab(daemon)

        daemon.restart()

        tab.wait_for_end()
        self.assertEqual(self.tab(daemon).port, tab.port)


class TestStart(LifeCase):
    def test_a_second_instance(self):
        first = self.start()

        self.assert_fails(RUNNING, BUS_NAME, '--listen', '127.0.0.1:0',
                          DBUS_SESSION_BUS_ADDRESS=first.bus_address)

        self.assertEqual(first.call('SendToGroup', 'chat_chat_room', 'x'), (0, 0))

    def test_a_bus_that_gives_no_name(self):
        bus = self.enterContext(Bus(own='deny'))

        self.assert_fails(FAILURE, 'not allowed to own.*' + re.escape(BUS_NAME),
                          '--listen', '127.0.0.1:0', DBUS_SESSION_BUS_ADDRESS=bus.address)

    def test_a_port_in_use(self):
        first = self.start('--no-bus')

        self.assert_fails(FAILURE, f'127.0.0.1.*{first.port}.*in use', '--no-bus',
                          '--listen', f'127.0.0.1:{first.port}')

    def test_an_address_that_is_not_ours(self):
        for address in '192.0.2.1:0', '0.0.0.0:0', '127.0.0.2:0', '[::]:0':
            with self.subTest(address):
                saying = re.escape(address) + r'.*127\.0\.0\.1 or ::1.*AllowOtherUsers=true'
                self.assert_fails(USAGE, saying, '--no-bus', '--listen', address)

    def test_a_configuration_without_a_name(self):
        self.assert_fails(USAGE, '--config', '--config', '')

    def test_bad_options(self):
        for arguments in ('--nonsense',), ('--listen',), ('--listen', 'here'), \
                ('--listen', '127.0.0.1'), ('--listen', '127.0.0.1:65536'), ('--layer', 'paper'), \
                ('--config', '/does/not/exist'), ('argument',), ('-c',), ('-l',), ('-v',):
            with self.subTest(arguments):
                self.assert_fails(USAGE, re.escape(arguments[-1]), '--no-bus', *arguments)
        # A password is not repeated.
        self.assert_fails(USAGE, '^((?!secret).)*--redis((?!secret).)*$',
                          '--no-bus', '--redis', 'redis://me:secret@h:0')

    def test_addresses_are_printed(self):
        listen = ('127.0.0.1:0', '[::1]:0', '127.0.0.1:0')

        daemon = self.start('--no-bus', listen=listen)

        self.assertEqual([re.sub(r':\d+/', ':0', url[len('http://'):]) for url in daemon.urls],
                         list(listen))
        for url in daemon.urls:
            with urllib.request.urlopen(url + 'health', timeout=PATIENCE) as answer:
                self.assertEqual(answer.status, 200)

    def test_half_of_localhost_is_told_of(self):
        port = reserve_port()
        ipv4, ipv6 = f'127.0.0.1:{port}', f'[::1]:{port}'

        for listen, missing in ([ipv4], '::1'), ([ipv6], '127.0.0.1'), ([ipv4, ipv6], None):
            with self.subTest(listen):
                daemon = self.start('--no-bus', listen=listen)
                self.assertEqual(daemon.stop(), SUCCESS)
                self.assertEqual(re.findall(r'not listening on (\S+), port', daemon.log()),
                                 [missing] if missing else [])

    def test_every_address_is_its_own_origin(self):
        daemon = self.start('--no-bus', listen=('127.0.0.1:0', '[::1]:0', '127.0.0.1:0'))

        for url in daemon.urls:
            host, port = url[len('http://'):-1].rsplit(':', 1)
            with Client(int(port), host.strip('[]')) as client:
                client.upgrade('/ws/chat/', ('Origin', url[:-1]), host=f'{host}:{port}')

    def test_the_line_is_the_documented_one(self):
        process = subprocess.Popen(
            [e2e.CHANNELSD, '--no-bus', '--listen', '[::1]:0'], env={**self.env, 'LC_ALL': 'C'},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        with process:
            line = read_line(process.stdout)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(PATIENCE), SUCCESS)
            self.assertEqual(process.stdout.read() + process.stderr.read(), b'')
        port = LISTENING.match(line).group(3)
        self.assertEqual(line, f'Listening on http://[::1]:{port}/ '
                               f'(WebSocket: ws://[::1]:{port}/ws/chat/)')

    def test_without_a_bus(self):
        daemon = self.start('--no-bus')
        tab = self.tab(daemon)

        tab.send_text('{"message": "x"}')

        self.assertEqual(tab.read_text(), '{"message": "x"}')

    def test_a_bus_that_is_not_claimed(self):
        bus = self.enterContext(Bus())
        process = subprocess.Popen(
            [e2e.CHANNELSD, '--no-bus', '--listen', '127.0.0.1:0'], bufsize=0,
            env={**self.env, 'DBUS_SESSION_BUS_ADDRESS': bus.address}, stdout=subprocess.PIPE)
        with process:
            read_line(process.stdout)
            with BusClient(bus.address) as client:
                self.assertFalse(client.has_service())
            process.terminate()
        self.assertEqual(process.returncode, SUCCESS)

    def test_where_there_is_no_bus_browsers_are_served(self):
        # That it warns is no reason to abort here.
        process = subprocess.Popen([e2e.CHANNELSD, '--listen', '127.0.0.1:0'], bufsize=0,
                                   env={**self.env, 'G_DEBUG': ''}, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with process:
            port = int(LISTENING.match(read_line(process.stdout)).group(3))
            with Client(port) as client:
                self.assertEqual(client.request('/health').status, 200)
            process.terminate()
            self.assertIn(b'no session bus', process.stderr.read())
        self.assertEqual(process.returncode, SUCCESS)

    def test_closed_standard_streams(self):
        """Their numbers go to nothing that is opened: what is printed is not written there."""
        url = os.path.join(self.env['XDG_RUNTIME_DIR'], 'channels', 'url')
        process = subprocess.Popen(
            ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', e2e.CHANNELSD, '--no-bus', '--listen',
             '127.0.0.1:0'], env=self.env)
        try:
            wait_until(lambda: os.path.exists(url), 'the page')
            self.assertEqual([os.readlink(f'/proc/{process.pid}/fd/{fd}') for fd in range(3)],
                             ['/dev/null'] * 3)
        finally:
            self.assertEqual(end(process), SUCCESS)

    def test_another_language(self):
        daemon = self.start(environment={'LC_ALL': 'C'})
        tab = self.tab(daemon)

        tab.send_text('{"message": "聊天室"}')
        self.assertEqual(tab.read_text(), '{"message": "聊天室"}')
        daemon.call('SendToGroup', 'chat_chat_room', '聊天室')
        self.assertEqual(tab.read_text(), '{"message": "聊天室"}')

    def test_version_and_help(self):
        done = self.run_daemon('--version')
        self.assertEqual(done.returncode, SUCCESS)
        self.assertRegex(done.stdout, r'^channelsd \d+\.\d+\.\d+\n$')

        done = self.run_daemon('--help')
        self.assertEqual(done.returncode, SUCCESS)
        for option in '--config', '--listen', '--layer', '--redis', '--no-bus', '--check-config', \
                '--verbose', '--version':
            self.assertIn(option, done.stdout)


class TestConfiguration(LifeCase):
    def write(self, text):
        path = os.path.join(self.env['HOME'], 'test.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def test_a_good_one(self):
        path = self.write('[Server]\nListen=127.0.0.1:0\n\n[Limits]\nNesting=16\n\n'
                          '[Route echo]\nPath=/echo/\nGroup=echo\nConsumer=echo\n')

        done = self.run_daemon('--config', path, '--check-config')

        self.assertEqual((done.returncode, done.stdout, done.stderr), (SUCCESS, '', ''))

    def test_the_example_is_a_good_one(self):
        path = os.path.join(ROOT, 'data', 'channels.conf')

        done = self.run_daemon('--config', path, '--check-config')

        self.assertEqual((done.returncode, done.stderr), (SUCCESS, ''))

    def test_mistakes_are_named(self):
        for text, names in (
                ('[Limits]\nNesting=0\n', ('2', 'Limits', 'Nesting', '1 to 128')),
                ('[Limits]\nNesting=many\n', ('2', 'Limits', 'Nesting', '1 to 128')),
                ('[Limits]\nNestling=1\n', ('2', 'Limits', 'Nestling')),
                ('[Limit]\nNesting=1\n', ('1', 'Limit',)),
                ('[Server]\nListen=0.0.0.0:80\n', ('2', 'Server', 'Listen', 'loopback')),
                ('[Server]\nAllowOtherUsers=maybe\n', ('2', 'Server', 'AllowOtherUsers', 'true')),
                ('[Layer]\nBackend=paper\n', ('2', 'Layer', 'Backend', 'memory')),
                ('[Route a]\nPath=/a/\nGroup=a\nConsumer=tea\n', ('Route a', 'Consumer', 'echo')),
                ('[Route a]\nPath=/a/\nConsumer=chat\n', ('Route a', 'Group')),
                ('Nesting=1\n', ('1',))):
            path = self.write(text)
            for arguments in ['--check-config'], ['--no-bus']:
                with self.subTest(text, arguments=arguments):
                    done = self.run_daemon('--config', path, *arguments)
                    self.assertEqual(done.returncode, USAGE)
                    self.assertEqual((done.stdout, done.stderr.count('\n')), ('', 1))
                    for name in (path, *names):
                        self.assertIn(name, done.stderr)

    def test_every_mistake_is_named_at_once(self):
        path = self.write('[Limits]\nNesting=0\nBacklog=0\n')

        done = self.run_daemon('--config', path, '--check-config')

        self.assertEqual(done.returncode, USAGE)
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)

    def test_the_file_is_found(self):
        path = write_configuration(self.env, '[Limits]\nNesting=0\n')

        self.assert_fails(USAGE, re.escape(path), '--check-config')

    def test_an_origin_may_have_any_port(self):
        daemon = self.start('--no-bus', configuration='[Server]\nAllowedOrigins=http://a.example:*\n')

        for port in '', ':3000':
            with Client(daemon.port) as client:
                client.upgrade('/ws/chat/', ('Origin', f'http://a.example{port}'))
        with Client(daemon.port) as client, self.assertRaisesRegex(ConnectionError, '403'):
            client.upgrade('/ws/chat/', ('Origin', 'http://b.example'))

    def test_an_option_beats_the_file(self):
        daemon = self.start('--no-bus', configuration='[Server]\nListen=127.0.0.1:1\n')

        self.assertNotEqual(daemon.port, 1)


class TestRoutes(LifeCase):
    def test_routes_lead_to_groups_and_consumers(self):
        daemon = self.start(configuration='[Route echo]\nPath=/echo/\nGroup=mirror\nConsumer=echo\n'
                                          '[Route rooms]\nPath=/{house}/attic/\n'
                                          'Group=attic.{house}\nConsumer=chat\n')
        echo = self.tab(daemon, '/echo/')
        room = self.tab(daemon, '/home/attic/')

        for opcode, payload in (TEXT, b'not json'), (BINARY, bytes(range(256)) * 300), (TEXT, b''):
            echo.send_frame(opcode, payload)
            self.assertEqual(echo.read_frame(), (opcode, payload))
        self.assertEqual(daemon.call('ListGroups'), ([('attic.home', 1), ('mirror', 1)],))
        self.assertEqual(daemon.call('SendToGroup', 'mirror', 'x'), (0, 0))
        self.assertEqual(daemon.call('SendToGroup', 'attic.home', 'x'), (1, 0))
        ticket, url = daemon.call('MintTicket', '[]', 'https://example.org', '0')
        self.assertTrue(url.endswith(f'/echo/?ticket={ticket}'), url)
        self.assertEqual(room.read_text(), '{"message": "x"}')

        # They are instead of the default ones, so that there is no address to tell of.
        self.assertIsNone(daemon.ws_url)
        self.assertEqual((daemon.get('Url'), daemon.get('WebSocketUrl')), (daemon.url, ''))
        with Client(daemon.port) as client:
            self.assertEqual(client.request('/ws/chat/').status, 404)

    def test_a_limit_of_the_file_holds(self):
        daemon = self.start('--no-bus', configuration='[Limits]\nNesting=2\nConnections=2\n')
        tab = self.tab(daemon)

        tab.send_text('{"message": [1]}')
        self.assertEqual(tab.read_text(), '{"message": [1]}')
        tab.send_text('{"message": [[]]}')
        self.assertIn('"too-deep"', tab.read_text())

        self.tab(daemon)
        with self.assertRaisesRegex(ConnectionError, '503'):
            self.tab(daemon)


class TestSubscribers(LifeCase):
    def test_one_that_vanishes_has_left(self):
        daemon = self.start()
        stays = self.enterContext(BusClient(daemon.bus_address))
        goes = self.enterContext(BusClient(daemon.bus_address))
        for client in stays, goes:
            client.call('Subscribe', '(s)', 'both')
        goes.call('Subscribe', '(s)', 'one')
        self.assertEqual(stays.call('ListGroups'), ([('both', 2), ('one', 1)],))

        goes.close()

        wait_until(lambda: stays.call('ListGroups') == ([('both', 1)],), 'it to leave')
        self.assertEqual(stays.call('SendToGroup', '(ss)', 'both', 'x'), (1, 0))


if __name__ == '__main__':
    e2e.main()
