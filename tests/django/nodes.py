# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a layer is made of, beside channelsd: Redis servers and Django processes.

    with RedisServer() as redis, Django('core', [redis.url]) as django:
        tab = Tab(django.port, '/ws/chat/')
        django.manage('send_message', 'hello')
        tab.hear()                                # 'hello'
"""

import ast
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import redis
from channelsd import PATIENCE, StartError, end, reserve_port, wait_until
from wsclient import PING, PONG, TEXT, Client

PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'project')

LISTENING = re.compile(r'Listening on TCP address 127\.0\.0\.1:(\d+)')

# What redis-server says when it is ready: 'Ready' over TCP, 'now ready' over a Unix socket.
READY = 'eady to accept connections'


def make_project_environment(backend, hosts, keys=()):
    """Returns an environment for the Django project.

    backend, hosts, keys: as in the project's settings
    """
    return {
        **os.environ,
        'LAYER_BACKEND': backend,
        'LAYER_HOSTS': ' '.join(hosts),
        'LAYER_KEYS': ';'.join(keys),
        'DJANGO_SETTINGS_MODULE': 'classify.settings',
        'PYTHONDONTWRITEBYTECODE': '1',
        'PYTHONIOENCODING': 'utf-8',
    }


class RedisServer:
    """A Redis server that keeps nothing on disk; a context manager that ends it.

    over_tcp: listens on a free port of 127.0.0.1, and on a Unix socket where it is false

    Attributes:
        url       the same over all restarts
        port      of 127.0.0.1, where it is over TCP
        client    a redis.Redis
        process   the subprocess.Popen
    """

    def __init__(self, over_tcp=False):
        self._directory = tempfile.mkdtemp(prefix='channels-redis-')
        self._log_path = os.path.join(self._directory, 'log')
        self.process = None
        try:
            if over_tcp:
                self.port = reserve_port()
                self._address = ['--port', str(self.port), '--bind', '127.0.0.1']
                self._use(f'redis://127.0.0.1:{self.port}/0')
            else:
                path = os.path.join(self._directory, 'socket')
                self._address = ['--port', '0', '--unixsocket', path]
                self._use(f'unix://{path}?db=0')
            self.start()
        except BaseException:
            self.close()
            raise

    def _use(self, url):
        self.url = url
        self.client = redis.Redis.from_url(url, socket_timeout=PATIENCE)

    def _log(self):
        with open(self._log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def start(self):
        """Starts it, empty, and returns when it answers."""
        with open(self._log_path, 'wb') as log:
            self.process = subprocess.Popen(
                ['redis-server', *self._address, '--save', '', '--appendonly', 'no',
                 '--enable-debug-command', 'yes', '--dir', self._directory],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._is_ready, 'redis-server to be ready')

    def _is_ready(self):
        if self.process.poll() is not None:
            raise StartError(f'redis-server ended: {self._log()}')
        return READY in self._log()

    def kill(self):
        """Ends it as a power cut would; all that it knew is gone."""
        end(self.process, signal.SIGKILL)
        self.client.connection_pool.disconnect()

    def sleep(self, seconds):
        """Freezes it, and returns at once."""
        connection = self.client.connection_pool.make_connection()
        connection.connect()
        connection.send_command('DEBUG', 'SLEEP', str(seconds))
        connection.disconnect()

    def close(self):
        """Ends it and removes its files; may be called again."""
        if self.process:
            end(self.process, signal.SIGKILL)
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Proxy:
    """Takes connections on a port of 127.0.0.1 to another; a context manager that ends it.

    Attributes:
        url        of the Redis behind it
        accepted   the number of connections so far
    """

    def __init__(self, port):
        self._port = port
        self._server = socket.create_server(('127.0.0.1', 0))
        self._pairs = []
        self.accepted = 0
        self.url = f'redis://127.0.0.1:{self._server.getsockname()[1]}/0'
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(('127.0.0.1', self._port))
                self._pairs.append((near, far))
                self.accepted += 1
                for source, target in (near, far), (far, near):
                    threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)

    def hang_up(self):
        """Ends all connections, without a word to Redis."""
        for near, _ in self._pairs:
            near.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._server.close()
        for pair in self._pairs:
            for end in pair:
                end.close()


class Django:
    """Daphne, serving the Django project; a context manager that ends it.

    It is told to start, and may still be about to: `port` waits for it.

    backend, hosts, keys: as in the project's settings
    """

    def __init__(self, backend, hosts, keys=()):
        self._directory = tempfile.mkdtemp(prefix='channels-django-')
        self._log_path = os.path.join(self._directory, 'log')
        self._port = None
        self._env = make_project_environment(backend, hosts, keys)
        with open(self._log_path, 'wb') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'daphne', '-b', '127.0.0.1', '-p', '0',
                 'probe.asgi:application'],
                cwd=PROJECT, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        """Returns what Daphne has written."""
        with open(self._log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def _find_port(self):
        if self.process.poll() is not None:
            raise StartError(f'Daphne ended: {self.log()}')
        return LISTENING.search(self.log())

    @property
    def port(self):
        """The port of 127.0.0.1 that it listens on."""
        if self._port is None:
            self._port = int(wait_until(self._find_port, 'Daphne to listen').group(1))
        return self._port

    def manage(self, *arguments):
        """Runs manage.py, as a further process of Django, and returns what it prints."""
        done = subprocess.run([sys.executable, 'manage.py', *arguments], cwd=PROJECT, env=self._env,
                              stdout=subprocess.PIPE, timeout=PATIENCE, check=True, text=True)
        return done.stdout

    def close(self):
        """Ends it and removes its files; may be called again."""
        end(self.process)
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Tab(Client):
    """A browser's WebSocket to a path of channelsd or of Daphne."""

    def __init__(self, port, path):
        super().__init__(port)
        try:
            self.upgrade(path)
        except BaseException:
            self.close()
            raise

    def read_text(self):
        """Reads a text message, and answers pings before it."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == TEXT:
                return payload.decode()
            else:
                raise ConnectionError(f'{payload!r} is no text, but {opcode}')

    def say(self, message):
        """Sends a message to the chat consumer."""
        self.send_text(json.dumps({'message': message}))

    def hear(self):
        """Returns the next message that the chat consumer shows."""
        (name, message), = json.loads(self.read_text()).items()
        assert name == 'message', f'{name}: {message!r}'
        return message


class Probe(Tab):
    """A member of a group in Django that shows whole events, and does what it is told.

    Attributes:
        channel   its channel's name
    """

    def __init__(self, port, group):
        super().__init__(port, f'/ws/probe/{group}/')
        self.channel = self.see()

    def see(self):
        """Returns the next event as the consumer's handler got it."""
        return ast.literal_eval(self.read_text())

    def ask(self, method, *arguments):
        """Calls a method of Django's channel layer.

        Returns 'done', what was received, or the name of the exception. It
        must not be in a group that it sends to.
        """
        self.send_text(repr((method, *arguments)))
        return self.see()
