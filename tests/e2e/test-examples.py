#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The programs in data/examples/, some of which the README shows, do what it says.

    test-examples.py CHANNELSD CHANNELSCTL LISTEN-IN-C

Each joins the default room, says hello to it, and prints what is said there;
that of the shell, which cannot stay in a room, sends.
"""

import os
import re
import subprocess
import sys
import tempfile

import e2e
from channelsd import PATIENCE, end, read_line, wait_until
from gi.repository import GLib

LISTEN_IN_C = sys.argv.pop(1)
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
EXAMPLES = os.path.join(SOURCE, 'data', 'examples')

GROUP = 'chat_chat_room'

LINES_MAX = 32  # what is read at a glance, less blank ones and the licence's two


def example(name):
    """Returns the path of an example."""
    return os.path.join(EXAMPLES, name)


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


class TestExamples(e2e.DaemonCase):
    def assert_listens(self, hello, *command):
        """A program says hello to a tab, and prints that and what the tab and the bus say.

        It passes over an event without a message, and writes whatever there is in Unicode.
        """
        tab = self.tab()
        program = subprocess.Popen(command, env={**self.daemon.env, 'LC_ALL': 'C.UTF-8'},
                                   stdout=subprocess.PIPE, bufsize=0)
        self.addCleanup(program.stdout.close)
        self.addCleanup(end, program)

        self.assertEqual(tab.read_text(), f'{{"message": "{hello}"}}')
        self.assertEqual(read_line(program.stdout), hello)

        tab.send_text('{"message": "hello from a tab"}')
        self.assertEqual(read_line(program.stdout), 'hello from a tab')
        self.bus.call('SendEventToGroup', '(sa{sv})',
                      GROUP, {'type': GLib.Variant('s', 'job.done')})
        self.assertEqual(self.daemon.call('SendToGroup', GROUP, '從桌面說哈囉'), (2, 0))
        self.assertEqual(read_line(program.stdout), '從桌面說哈囉')

        end(program)
        wait_until(lambda: self.bus.call('ListGroups') == ([(GROUP, 1)],), 'it to leave')

    def test_in_c(self):
        self.assert_listens('hello from C', LISTEN_IN_C)

    def test_in_javascript(self):
        self.assert_listens('hello from JavaScript', 'gjs', '-m', example('listen.js'))

    def test_in_python(self):
        self.assert_listens('hello from Python', sys.executable, example('listen.py'))

    def test_in_vala(self):
        # -w, for the C compiler: what it says of the C that valac writes is not about us.
        program = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), 'listen')
        subprocess.run(['valac', '--pkg', 'gio-2.0', '-X', '-w', '-o', program,
                        example('listen.vala')], timeout=PATIENCE * 3, check=True)
        self.assert_listens('hello from Vala', program)

    def test_in_shell(self):
        tab = self.tab()
        done = subprocess.run([example('send.sh')], env=self.daemon.env, stdout=subprocess.PIPE,
                              text=True, timeout=PATIENCE, check=True)
        self.assertEqual(done.stdout.splitlines(), [
            '(uint32 1, uint32 0)',
            '(uint32 1, uint32 0)',
            f"([('{GROUP}', uint32 1)],)",
        ])
        self.assertEqual(tab.read_text(), '{"message": "hello from the shell"}')
        self.assertEqual(tab.read_text(), '{"message": "an event"}')

    def test_in_a_sandbox(self):
        """In a Flatpak with the one permission that the manual names."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        bus = os.path.join(folder, 'bus')
        proxy = subprocess.Popen(['xdg-dbus-proxy', self.daemon.bus_address, bus, '--filter',
                                  '--talk=org.example.Channels'])
        self.addCleanup(end, proxy)
        wait_until(lambda: os.path.exists(bus), 'the proxy of the bus')

        self.assert_listens('hello from Python', 'env', f'DBUS_SESSION_BUS_ADDRESS=unix:path={bus}',
                            sys.executable, example('listen.py'))

    def test_all_are_short(self):
        for name in os.listdir(EXAMPLES):
            lines = [line for line in read(example(name)).splitlines()
                     if line.strip() and 'SPDX' not in line]
            self.assertLess(len(lines), LINES_MAX, name)

    def test_readme_shows_them(self):
        """What the README shows in C and in Python is what is run here, less its head."""
        readme = read(os.path.join(SOURCE, 'README.md'))
        for name, language in ('listen.c', 'c'), ('listen.py', 'python'):
            shown = re.search(rf'^```{language}\n(.*?)^```$', readme, re.DOTALL | re.MULTILINE)
            _head, _blank, program = read(example(name)).partition('\n\n')
            self.assertEqual(shown.group(1), program, name)


if __name__ == '__main__':
    e2e.main()
