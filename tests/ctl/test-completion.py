#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Tab key offers, in real shells and with a real service.

test-completion.py CHANNELSCTL CHANNELSD BASH-SCRIPT ZSH-SCRIPT FISH-SCRIPT
"""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from channelsd import PATIENCE, Bus, Daemon  # noqa: E402
from wsclient import Client  # noqa: E402

CHANNELSCTL, CHANNELSD, BASH, ZSH, FISH = map(os.path.abspath, sys.argv[1:6])
COMMANDS = ['disconnect', 'doctor', 'groups', 'help', 'import-django', 'listen', 'members', 'open',
            'reload', 'send', 'status', 'ticket', 'watch']

BASH_LINE = '''
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_channelsctl "$1"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
'''


class Case(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix='channels-completion-')
        self.addCleanup(shutil.rmtree, self.home)
        self.env = {'HOME': self.home, 'LC_ALL': 'C.UTF-8', 'TERM': 'dumb',
                    'PATH': f'{os.path.dirname(CHANNELSCTL)}:{os.environ["PATH"]}',
                    'DBUS_SESSION_BUS_ADDRESS': f'unix:path={self.home}/none'}

    def start(self, *groups):
        """A service with a tab in each of some rooms."""
        bus = Bus()
        self.addCleanup(bus.stop)
        daemon = Daemon(CHANNELSD, bus=bus)
        self.addCleanup(daemon.close)
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        for group in groups:
            tab = Client(daemon.port)
            self.addCleanup(tab.close)
            tab.upgrade(f'/ws/chat/{group}/')
        return bus

    def run_shell(self, *command):
        done = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True,
                              timeout=PATIENCE, check=False, encoding='utf-8')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done.stdout.splitlines()


class TestProgram(Case):
    def complete(self, *words):
        lines = self.run_shell(CHANNELSCTL, '--complete', *words)
        return sorted(line.split('\t')[0] for line in lines)

    def test_commands(self):
        self.assertEqual(self.complete(''), COMMANDS)
        self.assertEqual(self.complete('s'), ['send', 'status'])
        self.assertEqual(self.complete('help', 't'), ['ticket'])
        self.assertEqual(self.complete('-'), ['--help', '--version'])
        self.assertEqual(self.complete('nonsense', ''), [])
        self.assertEqual(self.complete(), [])

    def test_options(self):
        self.assertEqual(self.complete('ticket', '--'),
                         ['--help', '--json', '--origin', '--seconds'])
        self.assertEqual(self.complete('disconnect', 'a', '--c'), ['--code'])
        self.assertEqual(self.complete('status', '--j'), ['--json'])
        self.assertEqual(self.complete('doctor', '--p'), ['--project', '--python'])
        self.assertIn('--json\tPrint JSON',
                      self.run_shell(CHANNELSCTL, '--complete', 'groups', '-'))

    def test_all_commands_say_their_options(self):
        for command in COMMANDS:
            self.assertIn('--help', self.complete(command, '--'), command)

    def test_values(self):
        self.assertEqual(self.complete('ticket', '--origin', ''), [])
        self.assertEqual(self.complete('ticket', '--origin', '=', ''), [])
        self.assertEqual(self.complete('import-django', '--python', ''), [':files'])
        self.assertEqual(self.complete('import-django', '--python', '=', 'x'), [':files'])
        self.assertEqual(self.complete('import-django', ''), [':directories'])
        self.assertEqual(self.complete('import-django', '--python', 'x', ''), [':directories'])
        self.assertEqual(self.complete('import-django', 'x', ''), [])

    def test_groups(self):
        self.start('one', 'two')
        self.assertEqual(self.complete('send', ''), ['chat_one', 'chat_two'])
        self.assertEqual(self.complete('members', 'chat_o'), ['chat_one'])
        self.assertEqual(self.complete('send', 'chat_one', ''), [])
        self.assertEqual(self.complete('listen', 'chat_one', 'chat_t'), ['chat_two'])
        self.assertEqual(self.complete('ticket', '--origin', 'x', 'chat_one', ''),
                         ['chat_one', 'chat_two'])

    def test_no_service_is_started(self):
        folder = os.path.join(self.home, 'services')
        os.mkdir(folder)
        with open(os.path.join(folder, 'a.service'), 'w', encoding='utf-8') as file:
            file.write('[D-BUS Service]\nName=org.example.Channels\n'
                       f'Exec=/bin/sh -c "touch {self.home}/started"\n')
        bus = Bus([folder])
        self.addCleanup(bus.stop)
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        self.assertEqual(self.complete('send', ''), [])
        self.assertFalse(os.path.exists(os.path.join(self.home, 'started')))

    def test_no_bus(self):
        self.assertEqual(self.complete('send', ''), [])

    def test_a_service_that_stands_still(self):
        bus = Bus()
        self.addCleanup(bus.stop)
        daemon = Daemon(CHANNELSD, bus=bus)
        self.addCleanup(daemon.close)
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(self.complete('send', ''), [])
        finally:
            daemon.process.send_signal(signal.SIGCONT)


class TestBash(Case):
    def complete(self, *words):
        return sorted(self.run_shell('bash', '--norc', '-c', BASH_LINE, 'bash', BASH,
                                     CHANNELSCTL, *words))

    def test_bash(self):
        self.start('one')
        os.mkdir(os.path.join(self.home, 'project'))
        self.assertEqual(self.complete(''), COMMANDS)
        self.assertEqual(self.complete('st'), ['status'])
        self.assertEqual(self.complete('ticket', '--o'), ['--origin'])
        self.assertEqual(self.complete('send', 'c'), ['chat_one'])
        self.assertEqual(self.complete('ticket', '--origin', '='), [])
        self.assertEqual(self.complete('import-django', 'pro'), ['project'])
        self.assertEqual(self.complete('import-django', '--python', '=', 'pro'), ['project'])
        self.assertEqual(self.complete('nonsense', ''), [])


class TestFish(Case):
    def complete(self, line):
        lines = self.run_shell('fish', '--no-config', '-c', f'source {FISH}; complete -C "{line}"')
        return sorted(line.split('\t')[0] for line in lines)

    def test_fish(self):
        self.start('one')
        os.mkdir(os.path.join(self.home, 'project'))
        self.assertEqual(self.complete('channelsctl '), COMMANDS)
        self.assertEqual(self.complete('channelsctl st'), ['status'])
        self.assertEqual(self.complete('channelsctl ticket --o'), ['--origin'])
        self.assertEqual(self.complete('channelsctl send c'), ['chat_one'])
        self.assertEqual(self.complete('channelsctl import-django pro'), ['project/'])
        self.assertEqual(self.complete('channelsctl nonsense '), [])


class TestZsh(Case):
    """A real prompt: zsh completes nowhere else."""

    def setUp(self):
        super().setUp()
        functions = os.path.join(self.home, 'functions')
        os.mkdir(functions)
        shutil.copy(ZSH, os.path.join(functions, '_channelsctl'))
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(self.home)
            os.execvpe('zsh', ['zsh', '-f', '-i'], self.env)
        self.addCleanup(self.end)
        self.functions = functions

    def end(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)

    def type(self, text, wanted):
        """Types something, and reads until what is wanted is there."""
        os.write(self.terminal, text.encode())
        deadline = time.monotonic() + PATIENCE
        seen = ''
        while wanted not in seen:
            ready, _, _ = select.select([self.terminal], [], [], deadline - time.monotonic())
            self.assertTrue(ready, f'{text!r}: {seen!r}')
            seen += os.read(self.terminal, 65536).decode(errors='replace')
        return seen

    def test_zsh(self):
        self.start('one')
        # Started before there was a bus.
        self.type(f'export DBUS_SESSION_BUS_ADDRESS="{self.env["DBUS_SESSION_BUS_ADDRESS"]}"; '
                  f'fpath=({self.functions} $fpath); autoload -Uz compinit; compinit -u -D; '
                  'PROMPT=; echo READ""Y\n', 'READY')
        for typed, completed in (('echo; channelsctl sta', 'tus'),
                                 ('channelsctl ticket --ori', 'gin'),
                                 ('channelsctl members cha', 't_one')):
            self.type(typed, typed[-3:])
            self.type('\t', completed)
            self.type('\x15', '')  # the line is taken back
        seen = self.type('channelsctl s\t\t', 'status')
        self.assertIn('send', seen)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
