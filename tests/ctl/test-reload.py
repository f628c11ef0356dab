#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`channelsctl reload`, with a real service.

test-reload.py CHANNELSCTL CHANNELSD INTERFACE.xml
"""

import http.server
import json
import os
import subprocess
import threading

from doctorcase import (
    BUS_NAME, CHANNELSCTL, CHANNELSD, INTERFACE, PATIENCE, DoctorCase, main, reserve_port)

ROUTE = '[Route chat]\nPath=/elsewhere/\nGroup=chat_chat_room\nConsumer=chat\n'


class TestReload(DoctorCase):
    def reload(self, *arguments, status=0):
        """What it says, on standard output or on standard error."""
        done = subprocess.run([CHANNELSCTL, 'reload', *arguments], env=self.env,
                              capture_output=True, timeout=2 * PATIENCE, check=False,
                              encoding='utf-8')
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual([bool(done.stdout), bool(done.stderr)], [status == 0, status != 0])
        return done.stdout or done.stderr

    def configure_daemon(self, daemon, text):
        path = os.path.join(daemon.env['XDG_CONFIG_HOME'], 'channels', 'channels.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def test_nothing_new(self):
        self.start_daemon(configuration='#\n')
        self.assertEqual(self.reload(), 'The configuration is taken over\n')
        self.assertEqual(json.loads(self.reload('--json')), {'reloaded': True, 'changed': {}})

    def test_something_new(self):
        # Not watched: the folder is made after the start.
        daemon = self.start_daemon()
        os.mkdir(os.path.join(daemon.env['XDG_CONFIG_HOME'], 'channels'))
        self.configure_daemon(daemon, ROUTE)
        url = f'ws://127.0.0.1:{daemon.port}'
        self.assertEqual(self.reload(), 'The configuration is taken over\n'
                         f'WebSocket: {url}/ws/chat/ → {url}/elsewhere/\n')
        self.assertEqual(daemon.get('WebSocketUrl'), f'{url}/elsewhere/')

    def test_nothing_left(self):
        """No route leads to the default group any more: there is no URL to show."""
        daemon = self.start_daemon(configuration='#\n')
        self.configure_daemon(daemon, ROUTE.replace('chat_chat_room', 'another'))
        self.assertRegex(self.reload(), r'\nWebSocket: ws://\S+ → –\n$')

    def test_something_new_as_json(self):
        daemon = self.start_daemon()
        os.mkdir(os.path.join(daemon.env['XDG_CONFIG_HOME'], 'channels'))
        self.configure_daemon(daemon, ROUTE)
        self.assertEqual(json.loads(self.reload('--json')), {
            'reloaded': True,
            'changed': {'websocket_url': f'ws://127.0.0.1:{daemon.port}/elsewhere/'}})

    def start_activated(self, *arguments):
        """A channelsd that has its addresses from its file."""
        self.write_service(' '.join([CHANNELSD, '--activated', *arguments]))
        self.start_bus('data_home/dbus-1/services')
        self.configure(f'[Server]\nListen=127.0.0.1:{self.port}\n')
        subprocess.run([CHANNELSCTL, 'status'], env=self.env, stdout=subprocess.DEVNULL,
                       timeout=PATIENCE, check=True)

    def assert_next_listen(self, listen):
        line = f'Listen={listen} holds from the next start on\n' if listen else ''
        self.assertEqual(self.reload(), 'The configuration is taken over\n' + line)
        answer = {'next_listen': listen.split(';')} if listen else {}
        self.assertEqual(json.loads(self.reload('--json')),
                         {'reloaded': True, 'changed': {}, **answer})

    def test_another_listen(self):
        self.start_activated()
        ours, another = f'127.0.0.1:{self.port}', f'127.0.0.1:{reserve_port()}'
        for listen, waits in ((ours, False), (another, True), (f'{ours};{another}', True),
                              (ours + '; ', False)):
            with self.subTest(listen):
                self.configure(f'[Server]\nListen={listen}\n')
                self.assert_next_listen(listen if waits else '')

    def test_fewer_addresses(self):
        self.start_activated()
        with http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            self.addCleanup(other.shutdown)
            listen = f'127.0.0.1:{other.server_address[1]}'
            self.configure(f'[Server]\nListen={listen}\n')
            self.assert_next_listen(listen)

    def test_another_listen_that_does_not_count(self):
        """The command line has the last word."""
        self.start_activated('--listen', f'127.0.0.1:{self.port}')
        self.configure(f'[Server]\nListen=127.0.0.1:{reserve_port()}\n')
        self.assert_next_listen('')

    def test_another_listen_while_systemd_listens(self):
        self.start_activated()
        self.start('fake-manager.py', 'loaded', 'active', 'loaded', 'active', 'enabled')
        self.wait_for_name('org.freedesktop.systemd1')
        self.configure(f'[Server]\nListen=127.0.0.1:{reserve_port()}\n')
        self.assert_next_listen('')

    def test_listen_in_another_file(self):
        self.start_activated()
        self.env['XDG_CONFIG_HOME'] = os.path.join(self.directory, 'other')
        self.write('other/channels/channels.conf',
                   f'[Server]\nListen=127.0.0.1:{reserve_port()}\n')
        self.assert_next_listen('')

    def test_mistakes(self):
        daemon = self.start_daemon(configuration='#\n')
        path = self.configure_daemon(daemon, ROUTE + '[Nonsense]\n[Limits]\nNesting=0\n')
        for arguments in [], ['--json']:
            lines = self.reload(*arguments, status=1).splitlines()
            self.assertEqual(len(lines), 3)
            self.assertTrue(lines[0].startswith(f'channelsctl: {path}:5: '), lines)
            self.assertTrue(lines[1].startswith(f'channelsctl: {path}:7: [Limits] Nesting'), lines)
            self.assertIn('nothing has changed', lines[2])
        self.assertEqual(daemon.get('WebSocketUrl'), daemon.ws_url)

    def test_not_running(self):
        self.write_service(CHANNELSD, 'services')
        self.start_bus('services')
        self.assertIn('when it starts', self.reload(status=1))
        self.assertIn('when it starts', self.reload('--json', status=1))

    def test_no_bus(self):
        self.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere'
        self.assertIn('no session bus', self.reload(status=1))

    def test_refused(self):
        self.start_bus()
        self.start('fake-service.py', INTERFACE)
        self.wait_for_name(BUS_NAME)
        self.assertIn('the test asked for it', self.reload(status=1))


if __name__ == '__main__':
    main()
