#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `channelsctl doctor` finds: the bus, the service, its files, its addresses.

test-doctor.py CHANNELSCTL CHANNELSD INTERFACE.xml
"""

import contextlib
import http.server
import os
import pty
import signal
import socket
import subprocess
import threading

from doctorcase import (
    BUS_NAME, CHANNELSCTL, CHANNELSD, INTERFACE, PATIENCE, SECRET, Daemon, DoctorCase, main,
    reserve_port)


class TestBus(DoctorCase):
    def test_answers(self):
        self.start_bus()
        self.assert_found('bus', 'ok')

    def test_none(self):
        found = self.assert_found('bus', 'error', 'no session bus', 'dbus-run-session')
        self.assertEqual(found['service'][0]['state'], 'skipped')

    def test_nobody_there(self):
        self.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere'
        self.assert_found('bus', 'error', '/nowhere')

    def test_in_the_runtime_directory(self):
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self.runtime + '/bus')
            self.assert_found('bus', 'error', self.runtime + '/bus')

    def test_silent(self):
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self.directory + '/silent')
            listening.listen()
            self.env['DBUS_SESSION_BUS_ADDRESS'] = f'unix:path={self.directory}/silent'
            self.assert_found('bus', 'error', 'does not answer')


class TestActivation(DoctorCase):
    def test_none(self):
        self.start_bus()
        self.assert_found('activation', 'warning', f'{BUS_NAME}.service', 'install')

    def test_installed(self):
        path = self.write_service(f'{CHANNELSD} --activated --redis redis://:{SECRET}@h')
        self.start_bus('data_home/dbus-1/services')
        found = self.assert_found('activation', 'ok', path)
        self.assertIn(CHANNELSD, found['activation'][0]['text'])

    def test_elsewhere(self):
        self.write_service(CHANNELSD, 'services')
        self.start_bus('services')
        self.assert_found('activation', 'ok', 'the bus starts channelsd')

    def test_program_is_missing(self):
        path = self.write_service('/nowhere/channelsd')
        self.start_bus('data_home/dbus-1/services')
        self.assert_found('activation', 'error', '/nowhere/channelsd', f'correct Exec= in {path}')

    def test_no_good(self):
        self.write(f'data_home/dbus-1/services/{BUS_NAME}.service', 'nonsense')
        self.assert_found('activation', 'error', 'no good Exec=')

    def test_not_read_by_the_bus(self):
        self.start_bus()
        self.write_service(CHANNELSD)
        self.assert_found('activation', 'warning', 'has not read', 'ReloadConfig')


class TestUnits(DoctorCase):
    def setUp(self):
        super().setUp()
        self.start_bus()

    def start_manager(self, *states):
        self.start('fake-manager.py', *states)
        self.wait_for_name('org.freedesktop.systemd1')

    def test_no_manager(self):
        self.assert_found('units', 'skipped', 'no systemd')

    def test_enabled(self):
        self.start_manager('loaded', 'inactive', 'loaded', 'active', 'enabled')
        found = self.assert_found('units', 'ok', 'channelsd.socket is enabled')
        self.assertIn('systemd listens', found['addresses'][0]['text'])

    def test_started_only(self):
        self.start_manager('loaded', 'inactive', 'loaded', 'active', 'disabled')
        self.assert_found('units', 'ok', 'until the session ends')

    def test_disabled(self):
        self.start_manager('loaded', 'inactive', 'loaded', 'inactive', 'disabled')
        self.assert_found('units', 'ok', 'a tab alone', 'enable --now channelsd.socket')

    def test_enabled_and_stopped(self):
        self.start_manager('loaded', 'inactive', 'loaded', 'inactive', 'enabled')
        self.assert_found('units', 'warning', 'does not listen', 'start channelsd.socket')

    def test_not_installed(self):
        self.start_manager('not-found', 'inactive', 'not-found', 'inactive', '')
        self.assert_found('units', 'warning', 'does not know', 'daemon-reload')

    def test_masked(self):
        self.start_manager('masked', 'inactive', 'loaded', 'inactive', 'disabled')
        self.assert_found('units', 'error', 'masked', 'unmask channelsd.service')

    def test_failed(self):
        self.start_manager('loaded', 'failed', 'loaded', 'inactive', 'disabled')
        self.assert_found('units', 'error', 'failed', 'reset-failed')


class TestService(DoctorCase):
    def test_runs(self):
        daemon = self.start_daemon()
        self.assert_found('service', 'ok', f'process {daemon.process.pid}')

    def test_is_not_started(self):
        self.write_service(CHANNELSD, 'services')
        self.start_bus('services')
        self.assert_found('service', 'ok', 'starts when somebody needs it')
        has_owner = subprocess.run(
            ['gdbus', 'call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/',
             '--method', 'org.freedesktop.DBus.NameHasOwner', BUS_NAME],
            env=self.env, check=True, capture_output=True, text=True).stdout
        self.assertEqual(has_owner.strip(), '(false,)')

    def test_nobody_starts_it(self):
        self.start_bus()
        self.assert_found('service', 'warning', 'does not run', CHANNELSD)

    def test_another_version(self):
        self.start_bus()
        fake = self.start('fake-service.py', INTERFACE, FAKE_VERSION='0.0.9', FAKE_URL='')
        self.wait_for_name(BUS_NAME)
        found = self.assert_found('service', 'warning', '0.0.9', f'kill {fake.pid}')
        self.assertEqual(found['addresses'][0]['state'], 'error')

    def test_does_not_answer(self):
        daemon = self.start_daemon()
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            self.assert_found('service', 'error', 'does not answer', f'kill {daemon.process.pid}')
        finally:
            daemon.process.send_signal(signal.SIGCONT)


class TestConfiguration(DoctorCase):
    def test_none(self):
        found = self.assert_found('configuration', 'ok', 'none is needed')
        self.assertEqual(found['permissions'][0]['state'], 'skipped')

    def test_good(self):
        path = self.configure('[Limits]\nNesting=8\n')
        found = self.assert_found('configuration', 'ok', f'{path} has no mistakes')
        self.assertEqual(found['permissions'][0]['state'], 'ok')

    def test_mistakes(self):
        path = self.configure('[Layer]\nBackend=nonsense\nHosts=\n\n[Limits]\nNesting=0\n'
                              f'[Nowhere]\nX=redis://:{SECRET}@h\n')
        found = self.doctor()
        self.assertGreaterEqual(len(found['configuration']), 3)
        for finding in found['configuration']:
            self.assertEqual(finding['state'], 'error')
            self.assertRegex(finding['text'], rf'^{path}:\d+: \[')
            self.assertIn(path, finding['remedy'])
        self.assertEqual(found['redis'][0]['state'], 'skipped')
        self.assertEqual(found['addresses'][0]['state'], 'skipped')

    def test_of_the_service_that_runs(self):
        path = self.write('named.conf', '[Limits]\n')
        self.start_daemon('--config', path)
        self.assert_found('configuration', 'ok', f'{path} has no mistakes')
        self.write('named.conf', '[Nonsense]\n')
        self.assert_found('configuration', 'error', f'{path}:1: ')

    def test_of_the_service_that_would_be_started(self):
        path = self.write('named.conf', '[Nonsense]\n')
        self.write_service(f'{CHANNELSD} --config {path}')
        self.assert_found('configuration', 'error', f'{path}:1: ')

    def test_mistakes_of_the_command_line(self):
        self.configure('[Limits]\n')
        self.write_service(f'{CHANNELSD} --listen nowhere')
        self.assert_found('configuration', 'error', '--listen: ', 'channelsd --help')

    def test_never_ends(self):
        os.mkfifo(self.directory + '/pipe')
        self.write_service(f'{CHANNELSD} --config {self.directory}/pipe')
        found = self.doctor()
        self.assertEqual(found['configuration'][0]['state'], 'error')

    def test_program_never_ends(self):
        self.write_service(self.write('bin/channelsd', '#!/bin/sh\nexec sleep 600\n', 0o700))
        self.assert_found('configuration', 'error', 'takes too long', '--check-config')

    def test_program_is_none(self):
        self.write_service(self.write('bin/channelsd', '#!/bin/sh\nexit 3\n', 0o700))
        self.assert_found('configuration', 'error', 'failed while it checked')

    def test_secrets(self):
        for text in (f'Hosts=redis://:{SECRET}@127.0.0.1:1/0', f'SymmetricEncryptionKeys={SECRET}'):
            with self.subTest(text):
                path = self.configure(f'[Layer]\n{text}\n', 0o600)
                self.assert_found('permissions', 'ok', 'nobody else can read')
                for mode in 0o640, 0o604:
                    os.chmod(path, mode)
                    self.assert_found('permissions', 'error', 'other users can read it',
                                      f'chmod 600 {path}')

    def test_secrets_in_a_broken_file(self):
        self.configure(f'[Layer]\nHosts = redis://:{SECRET}@h\nNonsense\n', 0o644)
        self.assert_found('permissions', 'error', 'other users can read it')

    def test_password_file(self):
        password = self.write('password', SECRET, 0o600)
        self.configure(f'[Layer]\nPasswordFile={password}\n', 0o644)
        self.assert_found('permissions', 'ok')
        os.chmod(password, 0o644)
        self.assert_found('permissions', 'error', password, f'chmod 600 {password}')
        os.unlink(password)
        self.assert_found('permissions', 'error', f'{password} cannot be read')

    def test_everybody_may_change_it(self):
        path = self.configure('#\n', 0o646)
        self.assert_found('permissions', 'error', 'every user can change', f'chmod o-w {path}')
        os.chmod(path, 0o644)
        os.chmod(os.path.dirname(path), 0o757)
        self.assert_found('permissions', 'error', 'every user can change', 'chmod o-w')


class TestFiles(DoctorCase):
    def test_runtime_directory(self):
        self.assert_found('runtime-directory', 'ok')
        os.chmod(self.runtime, 0o750)
        self.assert_found('runtime-directory', 'error', '750', f'chmod 700 {self.runtime}')
        os.chmod(self.runtime, 0o700)
        os.mkdir(self.runtime + '/channels', 0o755)
        self.assert_found('runtime-directory', 'error', '755', f'chmod 700 {self.runtime}/channels')

    def test_runtime_directory_is_missing(self):
        self.env['XDG_RUNTIME_DIR'] = self.directory + '/not there'
        self.assert_found('runtime-directory', 'error', 'no directory',
                          f"mkdir -m 700 '{self.directory}/not there'")

    def unset_runtime_directory(self, script):
        """Has no variable name it; /run is another one, with what a script puts there."""
        namespace = ['unshare', '--mount', '--map-root-user']
        mount = 'mount -t tmpfs none /run'
        if subprocess.run([*namespace, *mount.split()], check=False).returncode != 0:
            self.skipTest('there are no namespaces here')
        self.wrapper = [*namespace, 'sh', '-c', f'{mount} && {script} "$@"', 'sh']
        self.env.pop('XDG_RUNTIME_DIR', None)

    def test_runtime_directory_is_not_set(self):
        self.unset_runtime_directory('mkdir /run/user && exec')
        found = self.assert_found('runtime-directory', 'warning', 'not set',
                                  'mkdir -m 700 /run/user/0 && export XDG_RUNTIME_DIR=/run/user/0')
        self.assertEqual(found['url-file'][0]['state'], 'skipped')
        self.unset_runtime_directory('exec')
        self.assert_found('runtime-directory', 'warning', 'not set', 'XDG_RUNTIME_DIR=$(mktemp -d)')

    def test_runtime_directory_is_not_set_and_bad(self):
        self.unset_runtime_directory('mkdir -p -m 755 /run/user/0/channels && '
                                     'echo http://127.0.0.1:1/ >/run/user/0/channels/url && exec')
        found = self.doctor()
        self.assertEqual([(f['state'], f['remedy']) for f in found['runtime-directory']],
                         [('warning', 'export XDG_RUNTIME_DIR=/run/user/0'),
                          ('error', 'chmod 700 /run/user/0')])
        self.assertEqual(found['url-file'][0]['remedy'], 'chmod 600 /run/user/0/channels/url')

    def test_bus_in_a_runtime_directory_that_is_not_set(self):
        self.unset_runtime_directory(
            'mkdir -p -m 700 /run/user/0 && exec dbus-run-session -- sh -c \'path=$'
            '{DBUS_SESSION_BUS_ADDRESS#unix:path=}; ln -s "${path%%,*}" /run/user/0/bus; '
            'unset DBUS_SESSION_BUS_ADDRESS; exec "$@"\' sh')
        found = self.assert_found('bus', 'error', 'no session bus',
                                  'export XDG_RUNTIME_DIR=/run/user/0')
        self.assertIn('the bus does not start it', found['service'][0]['text'])

    def test_url_file(self):
        daemon = self.start_daemon()
        path = self.runtime + '/channels/url'
        self.assert_found('url-file', 'ok', daemon.url)
        os.chmod(path, 0o644)
        self.assert_found('url-file', 'error', '644', f'chmod 600 {path}')
        os.chmod(path, 0o600)
        with open(path, 'w', encoding='utf-8') as file:
            file.write('http://127.0.0.1:1/\n')
        self.assert_found('url-file', 'warning', daemon.url, 'kill')
        os.unlink(path)
        self.assert_found('url-file', 'warning', 'missing', 'kill')
        os.symlink('/dev/zero', path)
        self.assert_found('url-file', 'error', 'not the file', f'rm -r {path}')

    def test_stale_url_file(self):
        self.assert_found('url-file', 'ok', 'nobody listens')
        daemon = self.start_daemon()
        self.assertEqual(daemon.stop(signal.SIGKILL), -signal.SIGKILL)
        self.assert_found('url-file', 'warning', 'was killed', f'rm {self.runtime}/channels/url')

    def test_service_without_a_bus(self):
        daemon = self.start_daemon('--no-bus')
        found = self.assert_found('url-file', 'ok', daemon.url)
        for check in 'addresses', 'page', 'health':
            self.assertEqual(found[check][0]['state'], 'ok')


class Site(http.server.BaseHTTPRequestHandler):
    """Somebody else's page, if it is one at all."""

    def do_GET(self):
        self.send_response(self.server.status)
        self.send_header('Content-Security-Policy', self.server.policy)
        self.end_headers()
        self.wfile.write(b'{"status":"good"}')

    def log_message(self, *unused):
        pass


class TestPage(DoctorCase):
    def test_served(self):
        daemon = self.start_daemon(listen=('127.0.0.1:0', '127.0.0.1:0'))
        found = self.assert_found('page', 'ok', daemon.url)
        self.assertEqual(found['health'][0]['state'], 'ok')
        self.assertEqual(found['addresses'][0]['state'], 'ok')

    def test_addresses(self):
        taken = reserve_port()
        listen = [f'127.0.0.1:{self.port}', f'127.0.0.1:{taken}']
        self.start_daemon(listen=listen)
        self.assert_found('addresses', 'ok', ', '.join(listen))

    def test_another_address_since_the_start(self):
        self.write_service(CHANNELSD)
        self.start_bus('data_home/dbus-1/services')
        self.configure(f'[Server]\nListen=127.0.0.1:{self.port}\n')
        subprocess.run([CHANNELSCTL, 'status'], env=self.env, stdout=subprocess.DEVNULL,
                       timeout=PATIENCE, check=True)
        self.assert_found('addresses', 'ok', f'127.0.0.1:{self.port}')
        another = reserve_port()
        self.configure(f'[Server]\nListen=127.0.0.1:{another}\n')
        self.assert_found('addresses', 'warning', f'does not listen on 127.0.0.1:{another}',
                          'kill')

    def test_port_is_free(self):
        self.configure(f'[Server]\nListen=127.0.0.1:{self.port};[::1]:{self.port}\n')
        self.assert_found('addresses', 'ok', f'127.0.0.1:{self.port}')

    def test_port_of_another_program(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            path = self.configure(f'[Server]\nListen=127.0.0.1:{port}\n')
            found = self.assert_found('addresses', 'error', f'another program listens on '
                                      f'127.0.0.1:{port}', f"ss -ltnp 'sport = :{port}'")
            self.assertIn(f'in {path}', found['addresses'][0]['remedy'])

    def test_port_of_another_program_and_of_the_command_line(self):
        path = self.configure(f'[Server]\nListen=127.0.0.1:{self.port}\n')
        with socket.create_server(('127.0.0.1', 0)) as taken:
            listen = f'127.0.0.1:{taken.getsockname()[1]}'
            self.write_service(f'{CHANNELSD} --listen {listen}')
            found = self.assert_found('addresses', 'error', f'another program listens on {listen}',
                                      'on the command line of channelsd')
            self.assertNotIn(path, found['addresses'][0]['remedy'])

    def test_port_of_another_program_in_a_list_with_spaces(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            self.configure(f'[Server]\nListen=127.0.0.1:{self.port}; 127.0.0.1:{port}\n')
            self.assert_found('addresses', 'error', f'another program listens on '
                              f'127.0.0.1:{port}')

    def test_port_of_a_channelsd_on_another_bus(self):
        daemon = Daemon(CHANNELSD, '--no-bus')
        self.addCleanup(daemon.close)
        self.configure(f'[Server]\nListen=127.0.0.1:{daemon.port}\n')
        self.assert_found('addresses', 'error', 'a channelsd that is not on this bus listens on '
                          f'127.0.0.1:{daemon.port}', 'DBUS_SESSION_BUS_ADDRESS')

    def serve(self, status, policy):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site)
        server.status, server.policy = status, policy
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.claim(server.server_address[1])

    def claim(self, port):
        """Has a service say that its page is there."""
        self.start_bus()
        self.start('fake-service.py', INTERFACE, FAKE_URL=f'http://127.0.0.1:{port}/')
        self.wait_for_name(BUS_NAME)

    def test_policy(self):
        self.serve(200, "default-src 'self'")
        found = self.assert_found('page', 'error', 'frame-ancestors', 'kill')
        self.assertEqual(found['health'][0]['state'], 'error')

    def test_status(self):
        self.serve(404, "default-src 'self'; frame-ancestors 'none'")
        found = self.assert_found('page', 'error', '404')
        self.assertIn('404', found['health'][0]['text'])

    def test_nobody(self):
        self.claim(reserve_port())
        found = self.assert_found('page', 'error', 'does not answer')
        self.assertEqual(found['health'][0]['state'], 'error')

    def test_no_http(self):
        with socket.create_server(('127.0.0.1', 0)) as listening:
            def talk():
                for _ in range(2):
                    with listening.accept()[0] as connection:
                        connection.recv(1)
                        connection.sendall(b'SSH-2.0-\xff\r\n')
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(4096):
                            pass
            thread = threading.Thread(target=talk)
            thread.start()
            self.claim(listening.getsockname()[1])
            self.assert_found('page', 'error', 'HTTP')
            thread.join(PATIENCE)


class TestOutput(DoctorCase):
    def text(self, **environment):
        """What it writes to a terminal."""
        leader, follower = pty.openpty()
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, leader)
            with os.fdopen(follower, 'wb') as terminal:
                status = subprocess.run([CHANNELSCTL, 'doctor'], env={**self.env, **environment},
                                        stdout=terminal, stderr=subprocess.DEVNULL,
                                        timeout=PATIENCE, check=False).returncode
            self.assertEqual(status, 1)
            text = b''
            with contextlib.suppress(OSError):  # which is a terminal's end
                while block := os.read(leader, 65536):
                    text += block
        return text.decode()

    def test_colours(self):
        self.assertIn('\033[31merror\033[0m', self.text(TERM='xterm'))
        self.assertIn('\033[', self.text(TERM='xterm', NO_COLOR=''))
        for environment in ({}, {'TERM': 'dumb'}, {'TERM': 'xterm', 'NO_COLOR': '1'}):
            with self.subTest(environment):
                self.assertNotIn('\033', self.text(**environment))

    def test_lines(self):
        self.env['TERM'] = 'xterm'
        done = subprocess.run([CHANNELSCTL, 'doctor'], env=self.env, capture_output=True,
                              check=False, timeout=PATIENCE, encoding='utf-8')
        self.assertEqual(done.returncode, 1)
        self.assertNotIn('\033', done.stdout)
        self.assertRegex(done.stdout, r'(?m)^error +bus +there is no session bus.*\n +→ dbus-run')
        self.assertRegex(done.stdout, r'(?m)^ok +configuration +there is no file')
        self.assertRegex(done.stderr, r'^channelsctl: \d+ things need to be done\n$')

    def test_all_well(self):
        self.write_service(f'{CHANNELSD} --activated --listen 127.0.0.1:{self.port}')
        self.start_bus('data_home/dbus-1/services')
        found = self.doctor()
        self.assertEqual({f['state'] for fs in found.values() for f in fs}, {'ok', 'skipped'})

    def test_full_disk(self):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([CHANNELSCTL, 'doctor', '--json'], env=self.env, stdout=full,
                                  stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'standard output', done.stderr)


if __name__ == '__main__':
    main()
