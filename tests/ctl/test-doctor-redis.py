#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `channelsctl doctor` finds: the channel layer, its Redis, and Django at the other end.

test-doctor-redis.py CHANNELSCTL CHANNELSD INTERFACE.xml
"""

import contextlib
import signal
import socket
import threading
import time

from doctorcase import CHANNELSD, PATIENCE, SECRET, DoctorCase, main

# Found by way of doctorcase.
from channelsd import reserve_port, wait_until
from nodes import PROJECT, RedisServer, make_project_environment


class RedisCase(DoctorCase):
    def start_redis(self):
        return self.enterContext(RedisServer(over_tcp=True))

    def configure_layer(self, *lines, backend='redis'):
        return self.configure('\n'.join(['[Layer]', f'Backend={backend}', *lines, '']))


class TestRedis(RedisCase):
    def test_good(self):
        redis = self.start_redis()
        self.configure_layer(f'Hosts={redis.url}')
        found = self.assert_found('redis', 'ok', redis.client.info()['redis_version'])
        self.assertIn('no bound', found['redis-memory'][0]['text'])
        self.assertEqual(found['clock'][0]['state'], 'ok')
        self.assertIn('0 nodes', found['nodes'][0]['text'])
        self.assertEqual(found['layer'][0]['state'], 'skipped')

    def test_memory_layer(self):
        found = self.assert_found('redis', 'skipped', 'needs no Redis')
        self.assertNotIn('clock', found)

    def test_over_a_unix_socket(self):
        redis = self.enterContext(RedisServer())
        redis.client.config_set('maxmemory', '100mb')
        redis.client.config_set('maxmemory-policy', 'volatile-ttl')
        self.configure_layer(f'Hosts={redis.url}')
        self.assert_found('redis-memory', 'warning', 'volatile-ttl', 'redis-cli -s /')

    def test_policy(self):
        redis = self.start_redis()
        redis.client.config_set('maxmemory', '100mb')
        self.configure_layer(f'Hosts={redis.url}')
        self.assert_found('redis-memory', 'ok', 'noeviction')
        redis.client.config_set('maxmemory-policy', 'allkeys-lru')
        self.assert_found('redis-memory', 'warning', 'allkeys-lru',
                          f'redis-cli -u {redis.url} CONFIG SET maxmemory-policy noeviction')

    def test_down(self):
        path = self.configure_layer(f'Hosts=redis://user:{SECRET}@127.0.0.1:{reserve_port()}/0')
        self.assert_found('redis', 'error', 'cannot be reached', path)

    def test_silent(self):
        with socket.create_server(('127.0.0.1', 0)) as listening:
            self.configure_layer(f'Hosts=redis://127.0.0.1:{listening.getsockname()[1]}/0')
            self.assert_found('redis', 'error', 'does not answer in time',
                              'systemctl restart redis-server')

    def test_stopped(self):
        redis = self.start_redis()
        path = self.configure_layer(f'Hosts={redis.url}')
        redis.process.send_signal(signal.SIGSTOP)
        try:
            found = self.assert_found('redis', 'error', 'does not answer in time', path)
        finally:
            redis.process.send_signal(signal.SIGCONT)
        self.assertIn('systemctl restart redis-server', found['redis'][0]['remedy'])

    def test_hangs_up(self):
        """What is no Redis, and no silence either."""
        with socket.create_server(('127.0.0.1', 0)) as listening:
            def hang_up():
                listening.accept()[0].close()
            thread = threading.Thread(target=hang_up)
            thread.start()
            self.configure_layer(f'Hosts=redis://127.0.0.1:{listening.getsockname()[1]}/0')
            self.assert_found('redis', 'error', 'cannot be reached', 'correct Hosts=')
            thread.join(PATIENCE)

    def test_many_clients(self):
        redis = self.start_redis()
        redis.client.config_set('maxclients', '1')  # this one
        self.configure_layer(f'Hosts={redis.url}')
        self.assert_found('redis', 'error', 'max number of clients', 'maxclients')

    def test_password(self):
        redis = self.start_redis()
        redis.client.config_set('requirepass', 'right')
        host = f'127.0.0.1:{redis.port}/0'
        self.configure_layer(f'Hosts=redis://{host}')
        self.assert_found('redis', 'error', 'wants a password', 'PasswordFile=')
        self.configure_layer(f'Hosts=redis://:{SECRET}@{host}')
        self.assert_found('redis', 'error', 'does not take the password', 'Hosts=redis://:PASSWORD')
        self.configure_layer(f'Hosts=redis://:right@{host}')
        self.assert_found('redis', 'ok')
        self.configure_layer(f'Hosts=redis://{host}',
                             f'PasswordFile={self.write("password", "right" + chr(10))}')
        self.assert_found('redis', 'ok')

    def test_credential(self):
        redis = self.start_redis()
        redis.client.config_set('requirepass', SECRET)
        self.configure_layer(f'Hosts={redis.url}', 'PasswordFile=redis')
        found = self.assert_found('redis', 'skipped')
        self.assertEqual(found['configuration'][0]['state'], 'skipped')
        self.write('runtime_dir/credentials/channelsd.service/redis', SECRET)
        found = self.assert_found('redis', 'ok')
        self.assertEqual(found['configuration'][0]['state'], 'ok')

    def test_user_with_few_rights(self):
        redis = self.start_redis()
        # As channels.conf(5) has it.
        redis.client.execute_command(
            'ACL', 'SETUSER', 'channels', 'on', '>' + SECRET, '~asgi*', '+@sortedset', '+@keyspace',
            '+@scripting', '+@connection', '+role')
        self.configure_layer(f'Hosts=redis://channels:{SECRET}@127.0.0.1:{redis.port}/0')
        found = self.assert_found('redis', 'ok', 'does not tell its version')
        for check in 'redis-memory', 'clock':
            self.assertEqual(found[check][0]['state'], 'skipped')
        self.assertEqual(found['nodes'][0]['state'], 'ok')

    def test_replica(self):
        redis = self.start_redis()
        redis.client.replicaof('127.0.0.1', reserve_port())
        self.configure_layer(f'Hosts={redis.url}')
        self.assert_found('redis', 'error', 'replica', 'name its master')

    def test_two_hosts(self):
        redis = self.start_redis()
        self.configure_layer(f'Hosts={redis.url};redis://127.0.0.1:{reserve_port()}/0')
        found = self.doctor()
        self.assertEqual([f['state'] for f in found['redis']], ['ok', 'error'])

    def test_of_the_command_line(self):
        """A file that does not say where Redis is, is none to correct."""
        path = self.configure_layer('Hosts=redis://127.0.0.1:1/0')
        place = '--redis on the command line of channelsd'
        redis = self.start_redis()
        self.write_service(f'{CHANNELSD} --redis {redis.url}')
        redis.client.replicaof('127.0.0.1', reserve_port())
        found = self.assert_found('redis', 'error', 'replica', f'name its master in {place}')
        self.assertNotIn(path, found['redis'][0]['remedy'])
        redis.client.config_set('requirepass', SECRET)
        self.assert_found('redis', 'error', 'wants a password',
                          f'PasswordFile= under [Layer] in {path}')
        redis.kill()
        found = self.assert_found('redis', 'error', 'cannot be reached', f'correct {place}')
        self.assertNotIn(path, found['redis'][0]['remedy'])
        # Its address is still the file's where the line has no more than the layer.
        self.write_service(f'{CHANNELSD} --layer redis')
        self.assert_found('redis', 'error', '127.0.0.1:1', path)

    def test_of_the_service_that_runs(self):
        redis = self.start_redis()
        daemon = self.start_daemon('--layer', 'redis', '--redis', redis.url)
        wait_until(lambda: daemon.get('LayerState') == 'up', 'the layer')
        found = self.assert_found('layer', 'ok', 'redis')
        self.assertEqual(found['redis'][0]['state'], 'ok')
        redis.kill()
        wait_until(lambda: daemon.get('LayerState') == 'down', 'its end')
        found = self.assert_found('layer', 'error', 'down')
        self.assertEqual(found['redis'][0]['state'], 'error')
        self.assertIn('--redis on the command line', found['redis'][0]['remedy'])
        redis.start()
        wait_until(lambda: daemon.get('LayerState') == 'up', 'its return')
        self.assert_found('layer', 'ok')


class FakeRedis:
    """What no real one can be: of another time, or another age."""

    def __init__(self, version='7.0.15', ahead=0, refusal=None):
        self.info = f'# Server\r\nredis_version:{version}\r\nmaxmemory:0\r\n' \
                    'maxmemory_policy:noeviction\r\n'
        self.ahead = ahead
        self.refusal = refusal
        self.listening = socket.create_server(('127.0.0.1', 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _answer(self, command):
        if self.refusal:
            return self.refusal
        if command == 'INFO':
            return f'${len(self.info)}\r\n{self.info}\r\n'
        if command == 'TIME':
            now = str(int(time.time() + self.ahead))
            return f'*2\r\n${len(now)}\r\n{now}\r\n$1\r\n0\r\n'
        if command == 'ROLE':
            return '*1\r\n$6\r\nmaster\r\n'
        return '*2\r\n$1\r\n0\r\n*0\r\n' if command == 'SCAN' else '+OK\r\n'

    def _serve(self):
        with contextlib.suppress(OSError):  # which ends it
            while True:
                connection = self.listening.accept()[0]
                connection.settimeout(PATIENCE)
                with connection, connection.makefile('rwb') as stream:
                    while head := stream.readline():
                        words = [stream.read(int(stream.readline()[1:]) + 2)[:-2].decode()
                                 for _ in range(int(head[1:]))]
                        stream.write(self._answer(words[0]).encode())
                        stream.flush()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(PATIENCE)


class TestOtherRedis(RedisCase):
    def start_fake(self, **options):
        fake = self.enterContext(FakeRedis(**options))
        self.configure_layer(f'Hosts=redis://127.0.0.1:{fake.port}/0')

    def test_clock(self):
        for ahead, words in ((3600, 'is ahead by 3'), (-3600, 'is behind by 3')):
            with self.subTest(words):
                self.start_fake(ahead=ahead)
                self.assert_found('clock', 'warning', words, 'timedatectl set-ntp true')

    def test_little_difference(self):
        self.start_fake(ahead=-2)
        self.assert_found('clock', 'ok')

    def test_refusal(self):
        """One that is there, and is not to be started."""
        for refusal, remedy in (
                ('-LOADING Redis is loading the dataset in memory', 'wait until it has loaded'),
                ('-DENIED Redis is running in protected mode', 'and name that in Hosts='),
                ('-CLUSTERDOWN Hash slot not served', 'no cluster in Hosts='),
                ('-MASTERDOWN Link with MASTER is down', 'its log'),
                ('HTTP/1.1 400 Bad Request', 'that is no Redis')):
            with self.subTest(refusal):
                self.start_fake(refusal=f'{refusal}\r\n')
                self.assert_found('redis', 'error', 'is of no use', remedy)

    def test_old(self):
        self.start_fake(version='4.0.14')
        self.assert_found('redis', 'error', '4.0.14', 'version 5')


class TestNodes(RedisCase):
    def test_core(self):
        redis = self.start_redis()
        for node in 'a', 'b':
            redis.client.zadd('mine:group:chat', {f'specific.{node}!1': 1})
        redis.client.zadd('asgi:group:chat', {'specific.c!1': 1})
        self.configure_layer(f'Hosts={redis.url}', 'Prefix=mine')
        self.assert_found('nodes', 'ok', '2 nodes')

    def test_pubsub(self):
        redis = self.start_redis()
        subscriber = redis.client.pubsub()
        self.addCleanup(subscriber.close)
        subscriber.subscribe('asgi__group__chat')
        self.assertEqual(subscriber.get_message(timeout=PATIENCE)['type'], 'subscribe')
        self.configure_layer(f'Hosts={redis.url}', backend='redis-pubsub')
        self.assert_found('nodes', 'ok', '1 node is')


class TestDjango(RedisCase):
    def setUp(self):
        super().setUp()
        self.redis = self.start_redis()
        self.configure_layer(f'Hosts={self.redis.url}')

    def fake_python(self, version):
        script = f'echo "version {version}"' if version else 'exit 1'
        return self.write('python', f'#!/bin/sh\n{script}\n', 0o700)

    def assert_version(self, version, state, *words):
        self.assert_found('channels-redis', state, *words,
                          arguments=['--python', self.fake_python(version)])

    def test_installed(self):
        self.assert_found('channels-redis', 'ok', 'channels_redis 4.0.0',
                          arguments=['--python', '/usr/bin/python3'])

    def test_versions(self):
        self.assert_version('4.3.0', 'ok', '4.3.0')
        self.assert_version('3.4.1', 'error', 'another wire form', 'channels_redis>=4.0')
        self.assert_version('5.0.0', 'warning', 'newer', 'channels_redis>=4.0')
        self.assert_version('nonsense', 'error')
        self.assert_version('', 'skipped', 'has no channels_redis')

    def test_no_python(self):
        self.assert_found('channels-redis', 'skipped', arguments=['--python', '/nowhere/python'])

    def test_encrypted_pubsub(self):
        self.configure_layer(f'Hosts={self.redis.url}', f'SymmetricEncryptionKeys={SECRET}',
                             backend='redis-pubsub')
        self.assert_version('4.2.0', 'error', 'does not encrypt', '4.2.1')
        self.assert_version('4.2.1', 'ok')

    def check_project(self, backend, hosts, keys=()):
        self.env.update((name, value)
                        for name, value in make_project_environment(backend, hosts, keys).items()
                        if name.startswith(('LAYER_', 'DJANGO_', 'PYTHON')))
        return self.doctor('--project', PROJECT, '--python', '/usr/bin/python3')['project']

    def test_project(self):
        port = self.redis.port
        for hosts in [self.redis.url], [f'redis://localhost:{port}']:
            [finding] = self.check_project('core', hosts)
            self.assertEqual(finding['state'], 'ok', finding)

    def test_project_of_the_same_lists(self):
        self.configure_layer(f'Hosts={self.redis.url};', 'SymmetricEncryptionKeys= a\\;b ; c;')
        [finding] = self.check_project('core', [self.redis.url], ['c'])
        self.assertEqual(finding['state'], 'error')
        self.configure_layer(f'Hosts={self.redis.url};', 'SymmetricEncryptionKeys= a ; c;')
        [finding] = self.check_project('core', [self.redis.url], ['a', 'c'])
        self.assertEqual(finding['state'], 'ok', finding)

    def test_project_of_another_layer(self):
        findings = self.check_project('pubsub', ['redis://127.0.0.1:1/0'], [SECRET])
        self.assertEqual([f['state'] for f in findings], ['error'] * 3)
        self.assertEqual([f['text'].split('=')[0] for f in findings],
                         ['Hosts', 'Backend', 'SymmetricEncryptionKeys'])
        self.assertIn('Backend=redis-pubsub', findings[1]['remedy'])
        self.assertIn('channelsctl import-django', findings[2]['remedy'])

    def test_project_of_another_command_line(self):
        path = self.configure_layer('Prefix=mine')
        self.write_service(f'{CHANNELSD} --layer redis-pubsub --redis redis://127.0.0.1:1/0')
        findings = self.check_project('core', [self.redis.url])
        self.assertEqual([f['text'].split('=')[0] for f in findings], ['Hosts', 'Backend', 'Prefix'])
        self.assertIn('--redis on the command line', findings[0]['remedy'])
        self.assertIn('“--layer redis” on the command line', findings[1]['remedy'])
        self.assertIn(f'in {path}', findings[2]['remedy'])

    def test_project_with_other_settings(self):
        self.configure_layer(f'Hosts={self.redis.url}', 'Capacity=7', 'Prefix=mine')
        findings = self.check_project('core', [self.redis.url])
        self.assertEqual([(f['state'], f['text'].split('=')[0]) for f in findings],
                         [('error', 'Prefix'), ('warning', 'Capacity')])
        self.assertIn('Prefix=asgi', findings[0]['remedy'])

    def test_no_project(self):
        found = self.doctor('--project', self.directory)
        self.assertEqual(found['project'][0]['state'], 'error')
        self.assertIn('manage.py', found['project'][0]['remedy'])
        self.assertNotIn('import-django', found['project'][0]['remedy'])


if __name__ == '__main__':
    main()
