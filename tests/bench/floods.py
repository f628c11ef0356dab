# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Floods of one group, from wherever events can come.

Each is a context manager that floods as long as it lasts, at the lowest priority: who measures
beside it shall not wait for a core.
"""

import contextlib
import json
import os
import select
import subprocess
import threading

from gi.repository import Gio, GLib

from channelsd import end, read_line, wait_until
from measure import RUN_PATIENCE, CheckError, spell
from peers import CHAT
from wsclient import Client

PATH, GROUP = '/ws/chat/flood/', 'chat_flood'
REDIS_CHANNEL = 'asgi__group__' + GROUP

DEAF_TABS = 20      # of the same group, that never read
DEAF_BUFFER = 4096  # bytes that the kernel may keep for each
LOOK_MS = 20        # how often the deaf look whether they were dropped
NICENESS = 19

CALLS_UNDER_WAY = 64
EVENTS_OF_A_CALL = 64
COMMANDS_UNDER_WAY = 16


class DeafTabs:
    """Tabs of the flooded group that never read, and come again when the server drops them.

    Attributes:
        dropped   how often it did
    """

    def __init__(self, port):
        self.dropped = 0
        self._port = port
        self._error = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep)

    def _connect(self, poller, clients):
        client = Client(self._port, receive_buffer=DEAF_BUFFER)
        clients[client.socket.fileno()] = client
        client.upgrade(PATH)
        poller.register(client.socket, select.POLLRDHUP)

    def _keep(self):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        poller, clients = select.poll(), {}
        try:
            for _ in range(DEAF_TABS):
                self._connect(poller, clients)
            while not self._over.is_set():
                for descriptor, _ in poller.poll(LOOK_MS):
                    poller.unregister(descriptor)
                    clients.pop(descriptor).close()
                    self.dropped += 1
                    self._connect(poller, clients)
        except (OSError, EOFError) as error:
            self._error = error
        finally:
            for client in clients.values():
                client.close()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._over.set()
        self._thread.join()
        if self._error:
            raise self._error


@contextlib.contextmanager
def from_a_tab(bench, daemon, tabs, window, size):
    """A tab sends, with so many events under way; others read, some never do.

    Gives a dictionary that has the report in the end. Fails with CheckError where one of the tabs
    that read lost an event.
    """
    result = {}
    options = spell({'tabs': tabs, 'size': size, 'window': window, 'seconds': RUN_PATIENCE,
                     'patience': RUN_PATIENCE / 10, 'pids': daemon.process.pid})
    command = ['nice', '-n', str(NICENESS), bench.program('load-client'), '--port',
               str(daemon.port), *CHAT, '--path', PATH, '--tell', *options]
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE,
                                                           bufsize=0))
            stack.callback(process.kill)
            if read_line(process.stdout) != 'Running':
                raise CheckError('the flood does not begin')
            deaf = stack.enter_context(DeafTabs(daemon.port))
        yield result
        status = end(process)
        report = process.stdout.read().decode()
        if status != 0:
            raise CheckError(f'{" ".join(command)}: {report}')
        result.update(json.loads(report), dropped=deaf.dropped)


def count_deliveries(daemon):
    """Returns how many times the group's events were handed to a tab; the layer has to be up."""
    bus = Gio.DBusConnection.new_for_address_sync(
        daemon.bus_address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
        Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def ask(interface, method, arguments):
        return bus.call_sync('org.example.Channels', '/org/example/Channels', interface, method,
                             arguments, None, Gio.DBusCallFlags.NONE, -1, None).unpack()[0]

    state = ask('org.freedesktop.DBus.Properties', 'Get',
                GLib.Variant('(ss)', ('org.example.Channels', 'LayerState')))
    statistics = ask('org.example.Channels', 'ListStatistics', None)
    bus.close_sync(None)
    if state != 'up':
        raise CheckError('the layer has gone down')
    return sum(deliveries for group, _, _, deliveries in statistics if group == GROUP)


@contextlib.contextmanager
def readers(bench, daemon, tabs):
    """Tabs that read whatever comes; they fail with CheckError where one of them was closed."""
    def count():
        return len(os.listdir(f'/proc/{daemon.process.pid}/fd'))

    before = count()
    command = [bench.program('load-client'), '--port', str(daemon.port), '--path', PATH,
               '--tabs', str(tabs), '--idle', str(RUN_PATIENCE), '--seconds', '0']
    with bench.cores.for_client():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with process:
        try:
            wait_until(lambda: count() >= before + tabs, f'{tabs} tabs to connect')
            yield
            if count_deliveries(daemon) == 0:
                raise CheckError('nothing has come to the tabs')
            if count() < before + tabs:
                raise CheckError(f'{before + tabs - count()} of {tabs} tabs were too slow to read')
        finally:
            process.kill()


class BusCalls:
    """Somebody on the bus who calls SendMany all the time, with so many calls under way."""

    def __init__(self, address, size):
        self._address = address
        self._messages = GLib.Variant('(a(ss))', ([(GROUP, 'x' * size)] * EVENTS_OF_A_CALL,))
        self._context = GLib.MainContext()
        self._over = False
        self._error = None
        self._thread = threading.Thread(target=self._run)

    def _call(self, connection):
        connection.call('org.example.Channels', '/org/example/Channels', 'org.example.Channels',
                        'SendMany', self._messages, None, Gio.DBusCallFlags.NONE,
                        RUN_PATIENCE * 1000, None, self._on_answer)

    def _on_answer(self, connection, result):
        try:
            connection.call_finish(result)
        except GLib.Error as error:
            self._error = error
            return
        if not self._over:
            self._call(connection)

    def _run(self):
        try:
            self._flood()
        except GLib.Error as error:
            self._error = error

    def _flood(self):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        self._context.push_thread_default()
        connection = Gio.DBusConnection.new_for_address_sync(
            self._address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        connection.set_exit_on_close(False)
        for _ in range(CALLS_UNDER_WAY):
            self._call(connection)
        while not self._over:
            self._context.iteration(True)
        connection.close_sync(None)
        self._context.pop_thread_default()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._over = True
        self._context.wakeup()
        self._thread.join()
        if self._error:
            raise CheckError(f'SendMany: {self._error}')


@contextlib.contextmanager
def from_the_bus(bench, daemon, tabs, size):
    """Somebody on the bus sends."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            stack.enter_context(readers(bench, daemon, tabs))
            stack.enter_context(BusCalls(daemon.bus_address, size))
        yield


def pack(size):
    """Returns an event as Django Channels publishes it, with a text of 32 to 65,535 bytes.

    Or one more: a command line has no NUL, and so the length must have none.
    """
    if size >= 256 and size % 256 == 0:
        size += 1
    head = bytes([0xd9, size]) if size < 256 else b'\xda' + size.to_bytes(2, 'big')
    return b'\x82\xa4type\xacchat.message\xa7message' + head + b'x' * size


@contextlib.contextmanager
def from_redis(bench, daemon, redis, tabs, size):
    """Somebody publishes on the Redis of a node whose layer is redis-pubsub."""
    command = ['nice', '-n', str(NICENESS), 'redis-benchmark', '-p', str(redis.port), '-c', '1',
               '-P', str(COMMANDS_UNDER_WAY), '-n', '1000000000', 'PUBLISH', REDIS_CHANNEL,
               pack(size)]
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            stack.enter_context(readers(bench, daemon, tabs))
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                                           stderr=subprocess.DEVNULL))
            stack.callback(process.kill)
        yield
        if process.poll() is not None:
            raise CheckError(f'redis-benchmark has ended: {process.returncode}')
