#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""channelsctl import-django, of real Django projects, for a real channelsd.

    test-import.py CHANNELSD CHANNELSCTL [CLASS…]
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import layercase
from channelsd import PATIENCE, Daemon
from layercase import CHANNELSCTL, CHANNELSD, GROUP, Core, LayerCase, Pubsub
from nodes import PROJECT, make_project_environment

MEBIBYTE = 1 << 20

SECRETS = 'there are secrets in it'

# Values that JSON does not have, among others. Each layer by its name.
SETTINGS = r'''
import re
import ssl
from collections import OrderedDict
from pathlib import Path
from classify.settings import *
from redis.asyncio import SSLConnection, UnixDomainSocketConnection

CORE = 'channels_redis.core.RedisChannelLayer'
PUBSUB = 'channels_redis.pubsub.RedisPubSubChannelLayer'


def on_disconnect():
    pass


class Text(str):
    pass


CHANNEL_LAYERS = {
    'pairs': {'BACKEND': CORE, 'CONFIG': {'hosts': [('127.0.0.1', 6379), ('::1', '6380')]}},
    'dict': {'BACKEND': CORE, 'CONFIG': {'hosts': ({'host': Text('h'), 'port': 1, 'db': 2},)}},
    'sentinel': {'BACKEND': CORE, 'CONFIG': {'hosts': [{
        'sentinels': [('a', 26379), ('b', 26379)], 'master_name': 'mymaster', 'db': 1,
        'sentinel_kwargs': {'socket_timeout': 0.5}}]}},
    'tls': {'BACKEND': PUBSUB, 'CONFIG': {'hosts': [{
        'host': 'h', 'connection_class': SSLConnection, 'ssl_cert_reqs': ssl.CERT_REQUIRED,
        'ssl_ca_certs': '/etc/ca.pem'}]}},
    'unchecked': {'BACKEND': CORE, 'CONFIG': {'hosts': [{
        'address': 'rediss://:s3cret@h', 'ssl_cert_reqs': ssl.CERT_NONE}]}},
    'unix': {'BACKEND': CORE, 'CONFIG': {'hosts': [{
        'path': '/run/r', 'connection_class': UnixDomainSocketConnection}]}},
    'paths': {'BACKEND': CORE, 'CONFIG': {'hosts': [
        {'path': Path('/run') / 'r'},
        {'address': 'rediss://h', 'ssl_ca_certs': Path('/etc') / 'ca.pem'}]}},
    'keys': {'BACKEND': CORE, 'CONFIG': {'symmetric_encryption_keys': [b'a;b', '\u9470 ']}},
    'binary': {'BACKEND': CORE, 'CONFIG': {'symmetric_encryption_keys': [b'\xff']}},
    'capacities': {'BACKEND': CORE, 'CONFIG': {'channel_capacity': OrderedDict([
        (re.compile(r'^websocket\.'), 20), ('http.*', 200)])}},
    'hooks': {'BACKEND': PUBSUB, 'CONFIG': {
        'on_disconnect': on_disconnect, 'on_reconnect': None,
        'huge': 2 ** 64, 'nan': float('nan')}},
}

print('a project may print', 'CHANNEL_LAYERS={}')
'''

# What the section has behind its first comment, and what is said on standard error.
SECTIONS = {
    'pairs': ('Backend=redis\nHosts=redis://127.0.0.1:6379;redis://[::1]:6380\n', []),
    'dict': ('Backend=redis\nHosts=redis://h:1/2\n', []),
    'sentinel': ('Backend=redis\n# not taken over: hosts[0]["sentinel_kwargs"]["socket_timeout"]\n'
                 'Hosts=sentinel://a:26379,b:26379/mymaster?db=1\n',
                 ['not taken over: hosts[0]["sentinel_kwargs"]["socket_timeout"]']),
    'tls': ('Backend=redis-pubsub\nHosts=rediss://h?ssl_ca_certs=/etc/ca.pem\n', []),
    'unix': ('Backend=redis\nHosts=unix:///run/r\n', []),
    'paths': ('Backend=redis\nHosts=unix:///run/r;rediss://h?ssl_ca_certs=/etc/ca.pem\n', []),
    'keys': ('Backend=redis\nHosts=redis://localhost:6379\n'
             'SymmetricEncryptionKeys=a\\;b;鑰\\s\n', [SECRETS]),
    'capacities': ('Backend=redis\nHosts=redis://localhost:6379\n'
                   '# not taken over, since channelsd has no regular expressions: '
                   'channel_capacity[re.compile("^websocket\\.")]\nChannelCapacity=http.*:200\n',
                   ['not taken over, since channelsd has no regular expressions']),
    'hooks': ('Backend=redis-pubsub\nHosts=redis://localhost:6379\n' +
              ''.join(f'# not taken over: {name}\n'
                      for name in ('on_disconnect', 'on_reconnect', 'huge', 'nan')),
              ['not taken over: '] * 4),
}

REFUSED = {
    'unchecked': "hosts[0][\"ssl_cert_reqs\"]: channelsd always checks the server's certificate",
    'binary': 'symmetric_encryption_keys[0]: ',
    'missing': 'CHANNEL_LAYERS: there is no “missing”, but: pairs, ',
}


def run_import(*arguments, env, status=0, **options):
    """Returns what `channelsctl import-django` prints, and the lines that it complains in."""
    done = subprocess.run([os.path.abspath(CHANNELSCTL), 'import-django', *arguments],
                          env={**env, 'LC_ALL': 'C.UTF-8'}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
                          encoding='utf-8', **options)
    assert done.returncode == status, (done.returncode, done.stderr)
    assert bool(done.stdout) == (status == 0), done.stdout
    return done.stdout, done.stderr.splitlines()


class ImportCase(unittest.TestCase):
    """Tests that have a folder of their own."""

    def setUp(self):
        super().setUp()
        self.directory = self.enterContext(tempfile.TemporaryDirectory(prefix='channels-import-'))

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def check(self, section):
        """channelsd has nothing against the section."""
        done = subprocess.run([CHANNELSD, '--config', self.write('channels.conf', section),
                               '--check-config'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                              check=False, encoding='utf-8')
        self.assertEqual(done.returncode, 0, done.stdout + section)

    def assert_says(self, lines, expected):
        self.assertEqual(len(lines), len(expected), lines)
        for line, start in zip(lines, expected):
            self.assertTrue(line.startswith('channelsctl: ' + start), line)


class TestSettings(ImportCase):
    """Whatever a project's settings have."""

    def setUp(self):
        super().setUp()
        self.write('custom.py', SETTINGS)
        self.env = {**make_project_environment('core', ['redis://h']),
                    'DJANGO_SETTINGS_MODULE': 'custom', 'PYTHONPATH': self.directory}

    def run_import(self, *arguments, **options):
        return run_import('--python', sys.executable, *arguments, PROJECT, env=self.env, **options)

    def test_sections(self):
        for layer, (expected, says) in SECTIONS.items():
            with self.subTest(layer):
                section, lines = self.run_import('--layer', layer)
                self.assertEqual(section, f'# CHANNEL_LAYERS["{layer}"] of {PROJECT}, '
                                          f'by channelsctl import-django\n[Layer]\n{expected}')
                self.assert_says(lines, says)
                self.check(section)

    def test_json(self):
        for layer in 'keys', 'capacities', 'unix':
            with self.subTest(layer):
                section, says = self.run_import('--layer', layer)
                text, lines = self.run_import('--layer', layer, '--json')
                answer = json.loads(text)
                self.assertEqual(list(answer), ['section', 'notes', 'secret'])
                self.assertEqual((answer['section'], lines), (section, []))
                self.assertEqual(answer['secret'], layer == 'keys')
                self.assert_says(says, answer['notes'] + [SECRETS] * answer['secret'])

    def test_refused(self):
        for layer, why in REFUSED.items():
            with self.subTest(layer):
                _, lines = self.run_import('--layer', layer, status=1)
                self.assert_says(lines, [why])
                self.assertNotIn('s3cret', lines[0])

    def test_no_layers(self):
        self.write('custom.py', 'from classify.settings import *\ndel CHANNEL_LAYERS\n')
        _, lines = self.run_import(status=1)
        self.assert_says(lines, ['CHANNEL_LAYERS: there are none'])

    def test_broken_settings(self):
        self.write('custom.py', 'raise ValueError("what is wrong")\n')
        _, lines = self.run_import(status=1)
        self.assertIn('ValueError: what is wrong', lines)
        self.assert_says(lines[-1:], ['manage.py failed: see above; where Django is missing, '
                                      '--python names'])


class TestProject(ImportCase):
    """The tutorial's project, and what is none."""

    def setUp(self):
        super().setUp()
        self.env = make_project_environment('core', ['redis://127.0.0.1:6379/0', 'unix:///r?db=1'],
                                            ['new', 'old one'])

    def run_import(self, *arguments, **options):
        return run_import(*arguments, env=self.env, **options)

    def test_the_project(self):
        for backend, name in ('core', 'redis'), ('pubsub', 'redis-pubsub'):
            self.env['LAYER_BACKEND'] = backend
            section, lines = self.run_import('--python', sys.executable, PROJECT)
            self.assertEqual(section.splitlines()[1:], [
                '[Layer]', f'Backend={name}', 'Hosts=redis://127.0.0.1:6379/0;unix:///r?db=1',
                'SymmetricEncryptionKeys=new;old one'])
            self.assert_says(lines, [SECRETS])
            self.check(section)

    def test_this_folder(self):
        relative = os.path.relpath(sys.executable, PROJECT)
        here, _ = self.run_import('--python', relative, cwd=PROJECT)
        self.assertTrue(here.startswith(f'# CHANNEL_LAYERS["default"] of {PROJECT},'), here)

        # An interpreter is looked for from here, not from the project.
        parent = os.path.dirname(PROJECT)
        relative = os.path.relpath(sys.executable, parent)
        there, _ = self.run_import('--python', relative, os.path.basename(PROJECT), cwd=parent)
        self.assertEqual(there, here)

    def test_standard_input(self):
        code = ('import json; from django.conf import settings; '
                'print(json.dumps(settings.CHANNEL_LAYERS, default=bytes.decode))')
        printed = subprocess.run([sys.executable, 'manage.py', 'shell', '-v', '0', '-c', code],
                                 cwd=PROJECT, env=self.env, stdout=subprocess.PIPE, check=True,
                                 timeout=PATIENCE, encoding='utf-8').stdout

        section, _ = self.run_import('-', input=printed)
        expected, _ = self.run_import('--python', sys.executable, PROJECT)
        self.assertEqual(section.splitlines()[0],
                         '# CHANNEL_LAYERS["default"] of standard input, '
                         'by channelsctl import-django')
        self.assertEqual(section.splitlines()[1:], expected.splitlines()[1:])

    def test_standard_input_that_is_none(self):
        for text in '', 'garbage', json.dumps({'default': 5}):
            with self.subTest(text):
                _, lines = self.run_import('-', status=1, input=text)
                self.assertEqual(len(lines), 1)

    def test_no_project(self):
        _, lines = self.run_import(self.directory, status=1)
        self.assert_says(lines, [f'“{self.directory}” is not the folder of a Django project'])
        _, lines = self.run_import(self.directory + '/missing', status=1)
        self.assertIn('is not the folder', lines[0])

    def test_no_interpreter(self):
        _, lines = self.run_import('--python', '/missing/python', PROJECT, status=1)
        self.assert_says(lines, ['“/missing/python” cannot be run: '])

    def test_one_that_dies(self):
        self.write('manage.py', 'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n')
        _, lines = self.run_import('--python', sys.executable, self.directory, status=1)
        self.assert_says(lines, ['manage.py failed'])

    def test_one_that_says_nothing(self):
        self.write('manage.py', '')
        _, lines = self.run_import('--python', sys.executable, self.directory, status=1)
        self.assert_says(lines, ['CHANNEL_LAYERS: that is not JSON'])

    def test_one_that_never_stops_talking(self):
        self.write('manage.py', 'while True:\n    print("x" * 1000)\n')
        _, lines = self.run_import('--python', sys.executable, self.directory, status=1)
        self.assert_says(lines, [f'manage.py prints more than {MEBIBYTE} bytes'])

    def test_as_much_as_it_may_say(self):
        self.write('manage.py', f'print("CHANNEL_LAYERS={{}}".ljust({MEBIBYTE - 1}))\n')
        _, lines = self.run_import('--python', sys.executable, self.directory, status=1)
        self.assert_says(lines, ['CHANNEL_LAYERS: there are none'])


class Layers:
    """With what was imported, channelsd is a node of Django's layer."""

    hosts = 2
    daphnes = 1

    @classmethod
    def new_daemon(cls):
        env = make_project_environment(cls.backend, [server.url for server in cls.redis], cls.keys)
        section, _ = run_import('--python', sys.executable, PROJECT, env=env)
        return Daemon(CHANNELSD, configuration=section)

    def test_both_ways(self):
        tabs = [self.tab(), self.django_tab(self.djangos[0])]
        self.wait_for_nodes(GROUP, 2)

        self.djangos[0].manage('send_message', 'from Django')
        self.assert_all_hear(tabs, 'from Django')
        self.assertEqual(self.ctl('send', GROUP, 'from here'),
                         'Message sent successfully (1 receiver, 1 remote)\n')
        self.assert_all_hear(tabs, 'from here')


class TestCore(Core, Layers, LayerCase):
    keys = ('one key', '又一')


class TestPubsub(Pubsub, Layers, LayerCase):
    pass


if __name__ == '__main__':
    layercase.main()
