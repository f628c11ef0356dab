# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the tests of `channelsctl doctor` share: a patient, and what is said of it.

Each program that imports it is called with CHANNELSCTL CHANNELSD INTERFACE.xml.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in '../support', '../django':
    sys.path.insert(0, os.path.join(HERE, folder))

from channelsd import (  # noqa: E402
    BUS_NAME, PATIENCE, Bus, Daemon, end, make_environment, reserve_port)

CHANNELSCTL, CHANNELSD, INTERFACE = sys.argv[1:4]

# In their order; those of Redis only where the layer is on one.
CHECKS = ['bus', 'activation', 'units', 'service', 'configuration', 'permissions',
          'runtime-directory', 'url-file', 'addresses', 'page', 'health', 'layer', 'redis',
          'redis-memory', 'clock', 'nodes', 'channels-redis', 'project']

# What nobody is to read in an answer.
SECRET = 'SECRET-of-the-test'


class DoctorCase(unittest.TestCase):
    """An environment with nothing in it: no bus, no service, no configuration."""

    maxDiff = None
    wrapper = ()  # what runs the doctor, if anything

    def setUp(self):
        self.directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-doctor-'))
        self.env = self.clean(make_environment(self.directory))
        self.runtime = self.env['XDG_RUNTIME_DIR']
        self.port = reserve_port()

    def clean(self, env):
        """The environment without what this computer has installed."""
        for name in 'NO_COLOR', 'TERM', 'LANGUAGE':
            env.pop(name, None)
        env.update(LC_ALL='C.UTF-8', G_DEBUG='fatal-warnings',
                   XDG_DATA_DIRS=os.path.join(self.directory, 'nothing'))
        return env

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def configure(self, text, mode=0o600):
        path = self.write('config_home/channels/channels.conf', text, mode)
        os.chmod(os.path.dirname(path), 0o755)
        return path

    def write_service(self, command, folder='data_home/dbus-1/services'):
        return self.write(f'{folder}/{BUS_NAME}.service',
                          f'[D-BUS Service]\nName={BUS_NAME}\nExec={command}\n')

    def start_bus(self, *folders):
        bus = self.enterContext(Bus([os.path.join(self.directory, f) for f in folders],
                                    environment=self.env))
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        return bus

    def start_daemon(self, *arguments, **options):
        """A channelsd; the doctor is called in its environment."""
        daemon = Daemon(CHANNELSD, *arguments, **options)
        self.addCleanup(daemon.close)
        self.env = self.clean(daemon.env)
        self.runtime = self.env['XDG_RUNTIME_DIR']
        return daemon

    def start(self, program, *arguments, **environment):
        """A program of the tests' own that takes a name on the bus, and says so in one line."""
        process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, program), *arguments],
            env={**self.env, **environment}, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)
        return process

    def wait_for_name(self, name):
        subprocess.run(['gdbus', 'wait', '--session', '--timeout', str(PATIENCE), name],
                       env=self.env, check=True)

    def doctor(self, *arguments):
        """What it has found, as {check: [finding, …]}."""
        done = subprocess.run([*self.wrapper, CHANNELSCTL, 'doctor', '--json', *arguments],
                              env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, timeout=4 * PATIENCE, encoding='utf-8')
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        findings = json.loads(done.stdout)
        bad = [f for f in findings if f['state'] in ('warning', 'error')]
        self.assertEqual((done.returncode, bool(done.stderr)), (int(bool(bad)), bool(bad)),
                         done.stderr)
        found = {}
        for finding in findings:
            self.assertEqual(list(finding), ['check', 'state', 'text', 'remedy'])
            self.assertIn(finding['state'], ('ok', 'skipped', 'warning', 'error'))
            self.assertTrue(finding['text'])
            if finding in bad:
                self.assertTrue(finding['remedy'], finding)
            found.setdefault(finding['check'], []).append(finding)
        self.assertEqual(list(found), [check for check in CHECKS if check in found])
        return found

    def assert_found(self, check, state, text='', remedy=None, arguments=()):
        """That a check, and no other of its name, has found that; returns all that was found."""
        found = self.doctor(*arguments)
        self.assertEqual([f['state'] for f in found[check]], [state], found[check])
        self.assertIn(text, found[check][0]['text'])
        if remedy is not None:
            self.assertIn(remedy, found[check][0]['remedy'])
        return found


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
