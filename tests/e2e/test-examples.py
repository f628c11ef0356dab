#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The programs in examples/, as the README shows them, do what it says.

    test-examples.py CHANNELSD CHANNELSCTL LISTEN-IN-C

Each joins the default room, says hello to it, and prints what is said there.
"""

import os
import subprocess
import sys

import e2e
from channelsd import end, read_line, wait_until

LISTEN_IN_C = sys.argv.pop(1)
LISTEN_IN_PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'examples', 'listen.py')

GROUP = 'chat_chat_room'


class TestExamples(e2e.DaemonCase):
    def assert_listens(self, hello, *command):
        """A program says hello to a tab, and prints that and what the tab and the bus say."""
        tab = self.tab()
        program = subprocess.Popen(command, env=self.daemon.env, stdout=subprocess.PIPE, bufsize=0)
        self.addCleanup(program.stdout.close)
        self.addCleanup(end, program)

        self.assertEqual(tab.read_text(), f'{{"message": "{hello}"}}')
        self.assertEqual(read_line(program.stdout), hello)

        tab.send_text('{"message": "hello from a tab"}')
        self.assertEqual(read_line(program.stdout), 'hello from a tab')
        self.assertEqual(self.daemon.call('SendToGroup', GROUP, 'hello from gdbus'), (2, 0))
        self.assertEqual(read_line(program.stdout), 'hello from gdbus')

        end(program)
        wait_until(lambda: self.bus.call('ListGroups') == ([(GROUP, 1)],), 'it to leave')

    def test_in_c(self):
        self.assert_listens('hello from C', LISTEN_IN_C)

    def test_in_python(self):
        self.assert_listens('hello from Python', sys.executable, LISTEN_IN_PYTHON)

    def test_they_are_short(self):
        # Short enough to be read in a README, less the licence's two lines.
        folder = os.path.dirname(LISTEN_IN_PYTHON)
        for name, lines_max in ('listen.c', 30), ('listen.py', 20):
            with open(os.path.join(folder, name), encoding='utf-8') as file:
                lines = [line for line in file if line.strip() and 'SPDX' not in line]
            self.assertLess(len(lines), lines_max, name)


if __name__ == '__main__':
    e2e.main()
