#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a service manager hands over and hears, and where the service is found.

    test-systemd.py CHANNELSD CHANNELSCTL
"""

import concurrent.futures
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import e2e
from channelsd import (PATIENCE, Bus, Daemon, end, make_environment, reserve_port, wait_until,
                       write_configuration)
from manager import HERE, Manager
from wsclient import Client

SUCCESS, FAILURE, USAGE, RUNNING = range(4)  # exit statuses

WATCHDOG = '200000'  # µs


class ManagerCase(unittest.TestCase):
    def manage(self, *arguments, **options):
        return self.enterContext(Manager(e2e.CHANNELSD, *arguments, **options))

    def tab(self, port, address='127.0.0.1', path='/ws/chat/'):
        client = self.enterContext(Client(port, address))
        client.upgrade(path, host=f'[{address}]:{port}' if ':' in address else None)
        return client


class TestSockets(ManagerCase):
    def test_the_first_connection_is_served(self):
        manager = self.manage(addresses=('127.0.0.1', '::1'))
        self.assertEqual(manager.starts, 0)

        first = self.tab(manager.ports[0])
        second = self.tab(manager.ports[1], '::1')
        second.send_text('{"message": "x"}')

        self.assertEqual(first.read_text(), '{"message": "x"}')
        self.assertEqual(manager.starts, 1)
        with e2e.BusClient(manager.bus.address) as client:
            self.assertEqual(client.get('Url'), f'http://127.0.0.1:{manager.port}/')
            self.assertEqual(client.get('Connections'), 2)

    def test_many_at_once(self):
        manager = self.manage()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            tabs = list(pool.map(lambda _: self.tab(manager.port), range(200)))

        tabs[0].send_text('{"message": "x"}')

        for tab in tabs:
            self.assertEqual(tab.read_text(), '{"message": "x"}')
        self.assertEqual(manager.starts, 1)

    def test_the_bus_and_a_tab_at_once(self):
        for _ in range(10):
            with Manager(e2e.CHANNELSD) as manager, \
                    concurrent.futures.ThreadPoolExecutor(2) as pool:
                tab = pool.submit(self.tab, manager.port)
                call = pool.submit(manager.caller.call, 'ListGroups')
                self.assertIsInstance(call.result()[0], list)
                tab.result()
                self.assertEqual(manager.caller.call('ListGroups'), ([('chat_chat_room', 1)],))
                self.assertEqual(manager.starts, 1)

    def test_they_stand_in_the_place_of_listen(self):
        manager = self.manage('--listen', '127.0.0.1:1', with_bus=False)

        self.tab(manager.port)

    def test_a_stop_refuses_nobody(self):
        manager = self.manage(with_bus=False)
        tab = self.tab(manager.port)
        manager.wait_for('READY', '1')

        manager.process.send_signal(signal.SIGTERM)
        self.assertEqual(tab.read_close(), 1001)

        self.tab(manager.port)
        wait_until(lambda: manager.statuses == [SUCCESS], 'the first to end')
        self.assertEqual(manager.starts, 2)

    def test_a_stop_turns_no_caller_away(self):
        manager = self.manage()
        silent = self.tab(manager.port)
        manager.wait_for('READY', '1')

        manager.process.send_signal(signal.SIGTERM)
        self.assertEqual(silent.read_frame()[1][:2], (1001).to_bytes(2, 'big'))

        # It waits for the tab's answer, in vain, without its name: the next one answers.
        wait_until(lambda: not manager.caller.has_service(), 'the name to be free')
        self.assertEqual(manager.statuses, [])
        self.assertEqual(manager.caller.call('SendToGroup', '(ss)', 'chat_chat_room', 'x'), (0, 0))
        self.assertEqual((manager.starts, manager.statuses), (2, [SUCCESS]))

    def run_with(self, handed, configuration='', options=('--no-bus',), bus=None):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-sockets-'))
        env = make_environment(directory)
        if bus:
            env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        write_configuration(env, configuration)
        return subprocess.run(
            [sys.executable, '-SE', f'{HERE}/hand-over.py', str(handed.fileno()), e2e.CHANNELSD,
             *options], env=env, pass_fds=[handed.fileno()],
            capture_output=True, text=True, timeout=PATIENCE, check=False)

    def test_a_mistake_in_the_configuration_leaves_nobody_waiting(self):
        """Who waited would have it started for ever, until systemd gives the socket up."""
        handed = self.enterContext(socket.create_server(('127.0.0.1', 0)))
        tab = self.enterContext(socket.create_connection(handed.getsockname(), PATIENCE))

        done = self.run_with(handed, '[Nonsense]\n')

        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn('Nonsense', done.stderr)
        handed.setblocking(False)
        with self.assertRaises(BlockingIOError):
            handed.accept()
        self.assertEqual(tab.recv(1), b'')

    def test_a_mistake_in_the_command_line_leaves_nobody_waiting(self):
        """As in an ExecStart= that somebody has written in a drop-in."""
        handed = self.enterContext(socket.create_server(('127.0.0.1', 0)))
        tab = self.enterContext(socket.create_connection(handed.getsockname(), PATIENCE))

        done = self.run_with(handed, options=('--nonsense',))

        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertEqual(tab.recv(1), b'')

    def test_another_of_the_session_leaves_nobody_waiting(self):
        handed = self.enterContext(socket.create_server(('127.0.0.1', 0)))
        tab = self.enterContext(socket.create_connection(handed.getsockname(), PATIENCE))
        bus = self.enterContext(Bus())
        self.enterContext(Daemon(e2e.CHANNELSD, bus=bus))

        done = self.run_with(handed, options=(), bus=bus)

        self.assertEqual(done.returncode, RUNNING, done.stderr)
        self.assertEqual(tab.recv(1), b'')

    def test_what_is_no_socket_of_the_loopback_is_refused(self):
        everywhere = self.enterContext(socket.create_server(('0.0.0.0', 0)))
        silent = self.enterContext(socket.socket())
        silent.bind(('127.0.0.1', 0))
        local = self.enterContext(socket.socket(socket.AF_UNIX))
        datagrams = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(('127.0.0.1', 0))
        file = self.enterContext(open(os.devnull, encoding='utf-8'))

        for handed in everywhere, silent, local, datagrams, file:
            with self.subTest(handed):
                done = self.run_with(handed)
                self.assertEqual((done.returncode, done.stdout), (FAILURE, ''), done.stderr)
                self.assertRegex(done.stderr, r'^channelsd: .*handed over.*\n$')

    def test_by_systemd_socket_activate(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-sockets-'))
        port = reserve_port()
        process = subprocess.Popen(
            ['systemd-socket-activate', '--listen', f'127.0.0.1:{port}', '--setenv=HOME',
             e2e.CHANNELSD, '--no-bus'], env=make_environment(directory), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)

        def connect():
            try:
                return self.tab(port)
            except ConnectionRefusedError:
                return None  # it does not listen yet

        tab = wait_until(connect, 'systemd-socket-activate')
        tab.send_text('{"message": "x"}')
        self.assertEqual(tab.read_text(), '{"message": "x"}')
        self.assertEqual(end(process), SUCCESS)


class TestNotify(ManagerCase):
    def test_it_is_ready_when_it_is(self):
        manager = self.manage()
        tab = self.tab(manager.port)
        manager.wait_for('READY', '1')
        self.assertRegex(manager.told['STATUS'], '^[01] connections?, [01] groups?, '
                                                 'layer memory is up$')

        manager.wait_for('STATUS', '1 connection, 1 group, layer memory is up')
        second = self.tab(manager.port, path='/ws/chat/other/')
        manager.wait_for('STATUS', '2 connections, 2 groups, layer memory is up')
        tab.close()
        second.close()
        manager.wait_for('STATUS', '0 connections, 0 groups, layer memory is up')

        manager.process.send_signal(signal.SIGTERM)
        manager.wait_for('STOPPING', '1')
        self.assertEqual([line for line in manager.heard if not line.startswith('STATUS=')],
                         ['READY=1', 'STOPPING=1'])

    def test_it_says_that_it_reloads(self):
        manager = self.manage()
        self.tab(manager.port)
        manager.wait_for('READY', '1')

        manager.process.send_signal(signal.SIGHUP)
        manager.wait_for('RELOADING', '1')
        wait_until(lambda: manager.heard.count('READY=1') == 2, 'the end of it')
        manager.caller.call('Reload')
        wait_until(lambda: manager.heard.count('READY=1') == 3, 'the end of it')

        self.assertEqual([re.sub(r'\d\d+', 'N', line) for line in manager.heard
                          if not line.startswith('STATUS=')],
                         ['READY=1', *['RELOADING=1', 'MONOTONIC_USEC=N', 'READY=1'] * 2])

    def test_it_gives_signs_of_life(self):
        manager = self.manage(environment={'WATCHDOG_USEC': WATCHDOG})
        self.tab(manager.port)

        wait_until(lambda: manager.heard.count('WATCHDOG=1') > 3, 'signs of life')

        os.kill(manager.process.pid, signal.SIGSTOP)
        count = manager.heard.count('WATCHDOG=1')
        os.kill(manager.process.pid, signal.SIGCONT)
        wait_until(lambda: manager.heard.count('WATCHDOG=1') > count, 'more of them')

    def test_a_manager_that_is_gone_is_no_trouble(self):
        daemon = self.enterContext(Daemon(
            e2e.CHANNELSD, '--no-bus',
            environment={'NOTIFY_SOCKET': '/does/not/exist', 'WATCHDOG_USEC': WATCHDOG}))

        self.tab(daemon.port)
        self.assertEqual(daemon.stop(), SUCCESS)
        self.assertEqual(daemon.log(), '')


class TestDiscovery(ManagerCase):
    def read(self, env):
        path = os.path.join(env['XDG_RUNTIME_DIR'], 'channels', 'url')
        with open(path, encoding='utf-8') as file:
            return file.read()

    def test_the_page_is_found_while_it_is_there(self):
        daemon = self.enterContext(Daemon(e2e.CHANNELSD, '--no-bus'))
        directory = os.path.join(daemon.env['XDG_RUNTIME_DIR'], 'channels')

        text = self.read(daemon.env)
        self.assertEqual(text, daemon.url + '\n')
        with urllib.request.urlopen(text.strip() + 'health', timeout=PATIENCE) as answer:
            self.assertEqual(json.load(answer), {'status': 'ok'})
        self.assertEqual(stat.S_IMODE(os.stat(directory).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(directory, 'url')).st_mode), 0o600)

        daemon.stop()
        self.assertEqual(os.listdir(directory), [])

    def test_one_that_was_killed_is_replaced(self):
        daemon = self.enterContext(Daemon(e2e.CHANNELSD, '--no-bus'))
        path = write_configuration(daemon.env, '')

        daemon.stop(signal.SIGKILL)
        self.assertEqual(self.read(daemon.env), daemon.url + '\n')
        daemon.start_again()
        self.assertEqual(self.read(daemon.env), daemon.url + '\n')
        self.assertTrue(os.path.exists(path))

    def test_the_socket_of_the_manager_is_found(self):
        manager = self.manage(with_bus=False)
        self.tab(manager.port)

        self.assertEqual(self.read(manager.env), f'http://127.0.0.1:{manager.port}/\n')

    def test_where_there_is_no_place_there_is_none(self):
        daemon = self.enterContext(Daemon(e2e.CHANNELSD, '--no-bus',
                                          environment={'XDG_RUNTIME_DIR': ''}))

        self.tab(daemon.port)
        self.assertEqual(daemon.log(), '')


if __name__ == '__main__':
    e2e.main()
