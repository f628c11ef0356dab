#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The door without browsers: a Unix socket for the programs of this user.

    test-local-socket.py CHANNELSD CHANNELSCTL
"""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

import e2e
import websockets
from busclient import BusClient
from channelsd import PATIENCE, Daemon, end, wait_until
from wsclient import UPGRADE, Client

NOBODY = 65534  # another user, whom root can pass for

# Of Python's own: another user may not be able to read our folders.
ASK = '''
import socket, sys
with socket.socket(socket.AF_UNIX) as client:
    try:
        client.connect(sys.argv[1])
        print(client.recv(4096).split()[1].decode())
    except PermissionError:
        print('locked')
'''


class LocalCase(unittest.TestCase):
    def start(self, *arguments, **options):
        daemon = self.enterContext(Daemon(e2e.CHANNELSD, *arguments, **options))
        return daemon, self.path(daemon)

    @staticmethod
    def path(daemon):
        return os.path.join(daemon.env['XDG_RUNTIME_DIR'], 'channels', 'ws.sock')

    def connect(self, path, **options):
        return self.enterContext(Client(80, path, **options))

    def ask(self, path, *fields, **options):
        with Client(80, path) as client:
            return client.request('/health', *fields, **options).status


class TestPrograms(LocalCase):
    def test_they_are_in_the_group_as_browsers_are(self):
        daemon, path = self.start()
        program, tab = self.connect(path), self.enterContext(Client(daemon.port))
        # A WebSocket library may call us what it likes.
        program.upgrade('/ws/chat/', host='localhost')
        tab.upgrade('/ws/chat/')

        self.assertEqual(daemon.call('SendToGroup', 'chat_chat_room', 'to both'), (2, 0))
        for client in program, tab:
            self.assertEqual(client.read_text(), '{"message": "to both"}')
        program.send_text('{"message": "from here"}')
        self.assertEqual(tab.read_text(), '{"message": "from here"}')

        with BusClient(daemon.bus_address) as client:
            self.assertEqual(client.get('Connections'), 2)
        program.close()
        wait_until(lambda: daemon.call('SendToGroup', 'chat_chat_room', 'x') == (1, 0), 'it to go')

    def test_a_library_comes_by_it(self):
        _, path = self.start('--no-bus')

        async def converse():
            async with websockets.unix_connect(path, 'ws://localhost/ws/chat/') as connection:
                await connection.send('{"message": "am I heard?"}')
                return await asyncio.wait_for(connection.recv(), PATIENCE)

        self.assertEqual(asyncio.run(converse()), '{"message": "am I heard?"}')

    def test_a_request_is_as_strict_as_at_the_other_door(self):
        _, path = self.start('--no-bus')

        for host in 'localhost', 'localhost:1', 'channels.example':
            self.assertEqual(self.ask(path, host=host), 200)
        self.assertEqual(self.ask(path, ('Content-Length', '1'), ('Content-Length', '2')), 400)
        self.assertEqual(self.ask(path, ('X', 'y\x0b')), 400)

    def test_a_page_has_another_door(self):
        daemon, path = self.start('--no-bus', configuration='[Server]\n'
                                  'AllowedOrigins=https://app.example\n')

        for origin in f'http://127.0.0.1:{daemon.port}', 'https://app.example', 'null', 'http://x':
            with self.subTest(origin):
                self.assertEqual(self.ask(path, ('Origin', origin)), 403)
                self.assertEqual(self.connect(path).request(
                    '/ws/chat/', *UPGRADE, ('Origin', origin)).status, 403)
        self.assertEqual(self.ask(path), 200)

    def test_one_that_never_reads_costs_itself(self):
        daemon, path = self.start(configuration='[Limits]\nBacklog=65536\n')
        silent, program = self.connect(path, receive_buffer=4096), self.connect(path)
        for client in silent, program:
            client.upgrade('/ws/chat/')

        for _ in range(64):
            daemon.call('SendToGroup', 'chat_chat_room', 'x' * 16384)
            self.assertEqual(len(program.read_text()), 16384 + len('{"message": ""}'))
        wait_until(lambda: daemon.call('SendToGroup', 'chat_chat_room', 'y')[0] == 1, 'it to go')


class TestPlace(LocalCase):
    def test_it_is_there_as_long_as_the_service(self):
        daemon, path = self.start('--no-bus')

        self.assertTrue(stat.S_ISSOCK(os.lstat(path).st_mode))
        self.assertEqual(stat.S_IMODE(os.lstat(os.path.dirname(path)).st_mode), 0o700)
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(os.path.lexists(path))

    def test_one_that_was_killed_is_nothing_in_the_way(self):
        daemon, path = self.start('--no-bus')

        end(daemon.process, signal.SIGKILL)
        self.assertTrue(os.path.lexists(path))
        daemon.start_again()
        self.assertEqual(self.ask(path), 200)

    def test_one_without_a_bus_leaves_it_to_the_session(self):
        daemon, path = self.start()
        environment = {'XDG_RUNTIME_DIR': daemon.env['XDG_RUNTIME_DIR']}
        url = os.path.join(os.path.dirname(path), 'url')
        with Daemon(e2e.CHANNELSD, '--no-bus', environment=environment) as other:
            self.assertNotEqual(other.url, daemon.url)
            with open(url, encoding='utf-8') as file:
                self.assertEqual(file.read(), f'{daemon.url}\n')
        self.assertEqual(self.ask(path), 200)
        self.assertTrue(os.path.exists(url))

    def test_a_folder_of_others_is_no_place(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-local-'))
        folder = os.path.join(directory, 'channels')
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        env = {**os.environ, 'XDG_RUNTIME_DIR': directory, 'XDG_CONFIG_HOME': directory,
               'XDG_DATA_HOME': directory}
        process = subprocess.Popen([e2e.CHANNELSD, '--no-bus', '--listen', '127.0.0.1:0'], env=env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(end, process)

        # It serves all the same, by its other door.
        self.assertTrue(process.stdout.readline().startswith('Listening on '))
        self.assertEqual(end(process), 0)
        self.assertRegex(process.communicate()[1], f'not listening at {folder}/ws.sock: .*only this')

    @unittest.skipUnless(os.geteuid() == 0, 'only root can pass for another user')
    def test_another_user_is_kept_out(self):
        daemon, path = self.start('--no-bus', configuration='[Server]\nAllowOtherUsers=true\n')

        def ask():
            done = subprocess.run(
                ['setpriv', '--reuid', str(NOBODY), '--clear-groups', sys.executable, '-c', ASK,
                 path], capture_output=True, text=True, timeout=PATIENCE, check=True)
            return done.stdout.strip()

        self.assertEqual(ask(), 'locked')
        # Were there a way to it, the kernel would still say who it is.
        parts = path.split(os.sep)
        for i in range(2, len(parts) + 1):
            if not os.access(os.sep.join(parts[:i]), os.X_OK) or i > 2:
                os.chmod(os.sep.join(parts[:i]), 0o777)
        self.assertEqual(ask(), '403')
        self.assertEqual(self.ask(path), 200)
        self.assertEqual(daemon.stop(), 0)


class TestIdle(LocalCase):
    def test_an_idle_one_takes_it_away(self):
        daemon, path = self.start('--no-bus', configuration='[Server]\nIdleTimeout=1\n')

        with Client(80, path) as client:
            client.upgrade('/ws/chat/')
            client.send_text('{"message": "x"}')
            self.assertEqual(client.read_text(), '{"message": "x"}')
            self.assertIsNone(daemon.process.poll())
        self.assertEqual(daemon.process.wait(PATIENCE), 0)
        self.assertFalse(os.path.lexists(path))
        with socket.socket(socket.AF_UNIX) as late:
            self.assertRaises(FileNotFoundError, late.connect, path)


if __name__ == '__main__':
    e2e.main()
