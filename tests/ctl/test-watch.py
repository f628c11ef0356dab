#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`channelsctl watch`, on a terminal and without one, with a real service.

test-watch.py CHANNELSCTL CHANNELSD
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from channelsd import PATIENCE, Bus, Daemon, wait_until  # noqa: E402
from wsclient import Client  # noqa: E402

CHANNELSCTL, CHANNELSD = map(os.path.abspath, sys.argv[1:3])
OPEN, CLOSE = '\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l'


class Case(unittest.TestCase):
    def setUp(self):
        self.bus = self.enterContext(Bus())
        self.env = {**os.environ, 'DBUS_SESSION_BUS_ADDRESS': self.bus.address,
                    'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'}
        self.env.pop('NO_COLOR', None)

    def start(self, **options):
        return self.enterContext(Daemon(CHANNELSD, bus=self.bus, **options))

    def open_tab(self, daemon, room):
        tab = self.enterContext(Client(daemon.port))
        tab.upgrade(f'/ws/chat/{room}/')
        return tab

    def send_all_the_time(self, daemon, group):
        """Sends to a group, until the test is over."""
        over = threading.Event()

        def send():
            while not over.wait(0.02):
                daemon.call('SendToGroup', group, 'x')
        thread = threading.Thread(target=send)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)

    def watch(self, *arguments, status=0):
        done = subprocess.run([CHANNELSCTL, 'watch', *arguments], env=self.env,
                              capture_output=True, timeout=PATIENCE, check=False,
                              encoding='utf-8')
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr


class TestLines(Case):
    def test_json(self):
        daemon = self.start()
        self.open_tab(daemon, 'busy')
        self.open_tab(daemon, 'busy')
        self.open_tab(daemon, 'quiet')
        self.send_all_the_time(daemon, 'chat_busy')
        lines = self.watch('--json', '--interval', '0.3', '--count', '2').splitlines()
        self.assertEqual(len(lines), 2)
        for line in map(json.loads, lines):
            self.assertEqual((line['running'], line['connections'], line['layer'],
                              line['layer_state']), (True, 3, 'memory', 'up'))
            busy, quiet = line['groups']
            self.assertEqual((busy['group'], busy['members']), ('chat_busy', 2))
            self.assertGreater(busy['events_per_s'], 0)
            self.assertAlmostEqual(busy['deliveries_per_s'], 2 * busy['events_per_s'])
            self.assertEqual(quiet, {'group': 'chat_quiet', 'members': 1, 'events_per_s': 0,
                                     'deliveries_per_s': 0})
            self.assertEqual(line['deliveries_per_s'], busy['deliveries_per_s'])

    def test_text(self):
        daemon = self.start()
        self.open_tab(daemon, 'quiet')
        lines = self.watch('-n', '0.1', '-c', '1').splitlines()
        self.assertEqual(lines[0], 'Connections: 1   Layer: memory (up)   Events/s: 0   '
                                   'Deliveries/s: 0')
        self.assertEqual(lines[1:], ['', 'Group       Members  Events/s  Deliveries/s',
                                     'chat_quiet        1         0             0'])

    def test_no_service(self):
        self.assertEqual(json.loads(self.watch('--json', '-c', '1')), {'running': False})
        self.assertEqual(self.watch('-c', '1'), 'channelsd does not run\n')

    def test_no_service_is_started(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-watch-'))
        with open(os.path.join(folder, 'a.service'), 'w', encoding='utf-8') as file:
            file.write('[D-BUS Service]\nName=org.example.Channels\n'
                       f'Exec=/bin/sh -c "touch {folder}/started"\n')
        bus = self.enterContext(Bus([folder]))
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        self.assertEqual(self.watch('-n', '0.1', '-c', '3', '--json').count('false'), 3)
        self.assertFalse(os.path.exists(os.path.join(folder, 'started')))

    def test_bad_numbers(self):
        for arguments in (['-n', '0'], ['-n', '-1'], ['-n', 'nan'], ['-n', '1e9'], ['-c', '0'],
                          ['-c', '-2'], ['group']):
            self.watch(*arguments, status=2)

    def test_the_end_of_the_bus(self):
        process = subprocess.Popen([CHANNELSCTL, 'watch', '--json', '-n', '0.1'], env=self.env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with process:
            process.stdout.readline()
            self.bus.stop()
            process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 1)

    def test_the_reader_goes(self):
        for arguments in ['--json'], []:
            process = subprocess.Popen([CHANNELSCTL, 'watch', '-n', '0.1', *arguments],
                                       env=self.env, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            with process:
                process.stdout.readline()
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b'')
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_the_service_ends_all_the_same(self):
        daemon = self.start(configuration='[Server]\nIdleTimeout=1\n')
        process = subprocess.Popen([CHANNELSCTL, 'watch', '--json', '-n', '0.1'], env=self.env,
                                   stdout=subprocess.PIPE)
        with process:
            daemon.process.wait(PATIENCE)
            wait_until(lambda: b'false' in process.stdout.readline(), 'the watch to see that')
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 0)


class TestTerminal(Case):
    def open(self, *arguments, rows=24, columns=80, **env):
        self.leader, follower = pty.openpty()
        self.addCleanup(os.close, self.leader)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.leader)
        self.process = subprocess.Popen([CHANNELSCTL, 'watch', '-n', '0.1', *arguments],
                                        env={**self.env, **env}, stdin=follower, stdout=follower,
                                        start_new_session=True)
        os.close(follower)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.seen = ''

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def read_until(self, pattern):
        """Reads until what has come since the last time has something in it, and returns that."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.seen):
            ready, _, _ = select.select([self.leader], [], [], deadline - time.monotonic())
            self.assertTrue(ready, f'{pattern!r}: {self.seen[-2000:]!r}')
            self.seen += os.read(self.leader, 65536).decode()
        seen, self.seen = self.seen, ''
        return seen

    def assert_over(self):
        self.read_until(re.escape(CLOSE))
        self.assertEqual(self.process.wait(PATIENCE), 0)
        self.assertEqual(termios.tcgetattr(self.leader), self.before)

    def test_rates(self):
        daemon = self.start()
        self.open_tab(daemon, 'busy')
        self.send_all_the_time(daemon, 'chat_busy')
        self.open()
        self.assertTrue(self.read_until('Group').startswith(OPEN))
        self.read_until(r'chat_busy +1 +[1-9][0-9.]* +[1-9]')
        os.write(self.leader, b'xq')
        self.assert_over()

    def test_signals(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            self.open()
            self.read_until('channelsd does not run')
            self.process.send_signal(number)
            self.assert_over()

    def test_it_is_stopped_and_goes_on(self):
        leader, follower = pty.openpty()
        self.leader, self.seen = leader, ''
        self.addCleanup(os.close, leader)
        before = termios.tcgetattr(leader)
        script = '"$0" watch -n 0.1; echo stopped; read -r line; fg >/dev/null; echo over'
        shell = subprocess.Popen(['setsid', '--ctty', 'sh', '-mc', script, CHANNELSCTL],
                                 env=self.env, stdin=follower, stdout=follower, stderr=follower)
        os.close(follower)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        for _ in range(3):
            self.read_until('channelsd does not run')
        os.write(leader, b'\x1a')
        self.assertIn(CLOSE, self.read_until('stopped'))
        self.assertEqual(termios.tcgetattr(leader), before)
        os.write(leader, b'\n')
        self.read_until(re.escape(OPEN) + '(.|\n)*channelsd does not run')
        os.write(leader, b'q')
        self.assertIn(CLOSE, self.read_until('over'))
        self.assertEqual(shell.wait(PATIENCE), 0)
        self.assertEqual(termios.tcgetattr(leader), before)

    def test_the_service_goes_and_comes(self):
        daemon = self.start()
        self.open()
        self.read_until('Connections: 0')
        daemon.stop()
        self.read_until('channelsd does not run')
        daemon.start_again()
        self.read_until('Connections: 0')

    def test_size(self):
        daemon = self.start()
        for room in 'one', 'two', 'three', 'four':
            self.open_tab(daemon, room)
        self.open(rows=5, columns=12)
        frame = self.read_until(r'\x1b\[J').split('\x1b[H')[-1]
        lines = [re.sub(r'\x1b\[[0-9]*[a-zA-Z]', '', line) for line in re.split('\r+\n', frame)]
        self.assertEqual(len(lines), 5)
        self.assertLessEqual(max(map(len, lines)), 12)
        self.assertNotIn('chat_two', frame)
        self.resize(24, 80)
        self.process.send_signal(signal.SIGWINCH)
        self.read_until('chat_two')

    def test_colours(self):
        self.start()
        self.open()
        self.assertIn('\x1b[2m', self.read_until('Group'))
        self.process.kill()
        self.open(NO_COLOR='1')
        self.assertNotIn('\x1b[2m', self.read_until('Group'))
        self.process.kill()
        self.open('-c', '1', TERM='dumb')
        self.assertNotIn('\x1b', self.read_until('Group'))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
