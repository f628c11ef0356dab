# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What systemd's user manager does for channelsd, as far as channelsd can see it.

    with Manager(program) as manager:
        Client(manager.port)                  # starts it
        manager.wait_for('READY', '1')
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from busclient import BusClient
from channelsd import BUS_NAME, PATIENCE, Bus, end, make_environment, wait_until, \
    write_configuration

HERE = os.path.dirname(os.path.abspath(__file__))


class Manager:
    """Holds listening sockets, and runs one channelsd, again and again, whenever it is needed.

    It starts it where somebody connects, and where the bus asks for it, and never
    two at once: who asks while one is ending has the next. A context manager that ends all of it.

    program: the channelsd to run
    arguments: its command-line options
    configuration: the text of its configuration file
    addresses: what is listened at, with ports of the kernel's choice
    with_bus: whether there is a bus, which can have it started
    environment: further variables for it

    Attributes:
        ports      of the addresses, in order; port is the first
        bus        the Bus
        caller     a BusClient on it, whose calls may start the service
        env        the environment of what it starts
        told       what the service has said last, as sd_notify(3) has it: {'STATUS': …}
        heard      all lines that it has said, in order
        statuses   how each that has ended did
        starts     how many were started
    """

    def __init__(self, program, *arguments, configuration='', addresses=('127.0.0.1',),
                 with_bus=True, environment=None):
        self._program = program
        self._arguments = arguments if with_bus else (*arguments, '--no-bus')
        self._directory = tempfile.mkdtemp(prefix='channels-manager-')
        self.env = {**make_environment(self._directory), **(environment or {})}
        self.configuration = os.path.join(self.env['XDG_CONFIG_HOME'], 'channels', 'channels.conf')
        if configuration:
            write_configuration(self.env, configuration)

        self.told, self.heard, self.statuses = {}, [], []
        self.process, self.starts, self.bus = None, 0, None
        self._wanted, self._ended = [], False
        self._sockets = [self._listen(address) for address in addresses]
        self.ports = [listening.getsockname()[1] for listening in self._sockets]
        self.port = self.ports[0]
        self._notify = self._bind('notify', socket.SOCK_DGRAM)
        self._asked = self._bind('asked', socket.SOCK_STREAM)
        self._asked.listen()
        self._wake_out, self._wake_in = os.pipe()
        if with_bus:
            self.bus = Bus([self._write_service()], environment=self.env)
            self.env['DBUS_SESSION_BUS_ADDRESS'] = self.bus.address
            self._client = BusClient(self.bus.address)
            self.caller = BusClient(self.bus.address, starts=True)
        # After the bus, which would speak up as well.
        self.env['NOTIFY_SOCKET'] = self._notify.getsockname()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @staticmethod
    def _listen(address):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.bind((address, 0))
        listening.listen(1024)
        return listening

    def _bind(self, name, kind):
        bound = socket.socket(socket.AF_UNIX, kind)
        bound.bind(os.path.join(self._directory, name))
        return bound

    def _write_service(self):
        services = os.path.join(self._directory, 'services')
        os.mkdir(services)
        with open(os.path.join(services, f'{BUS_NAME}.service'), 'w', encoding='utf-8') as file:
            file.write(f'[D-BUS Service]\nName={BUS_NAME}\nExec={sys.executable} -SE '
                       f'{HERE}/ask-manager.py {self._asked.getsockname()}\n')
        return services

    def _start(self):
        descriptors = [listening.fileno() for listening in self._sockets]
        with open(self._log_path, 'ab') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-SE', f'{HERE}/hand-over.py', ','.join(map(str, descriptors)),
                 self._program, *self._arguments], env=self.env, pass_fds=descriptors,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        self.starts += 1
        self._ready = False
        return os.pidfd_open(self.process.pid)

    def _hear(self):
        lines = self._notify.recv(65536).decode().splitlines()
        for line in lines:
            key, value = line.split('=', 1)
            self.told[key] = value
        self.heard += lines
        if 'READY=1' in lines:
            self._ready = True
            self._answer_all()

    def _answer_all(self):
        while self._wanted:
            self._wanted.pop().close()

    def _run(self):
        """The loop: readiness of a socket or a wish starts it, unless one runs already."""
        handle = None
        while not self._ended:
            waiting = [self._notify, self._asked, self._wake_out]
            waiting += [handle] if handle else self._sockets
            owed = self._wanted and not handle
            ready = select.select(waiting, [], [], 0 if owed else None)[0]
            if self._notify in ready:
                self._hear()
            if self._asked in ready:
                self._wanted.append(self._asked.accept()[0])
                if handle and self._client.has_service():
                    self._answer_all()
            if handle and handle in ready:
                os.close(handle)
                handle = None
                self.statuses.append(self.process.wait())
                continue
            # One that fails would do so for ever.
            if not handle and not self._ended and not any(self.statuses) and \
                    (self._wanted or any(listening in ready for listening in self._sockets)):
                handle = self._start()
        if handle:
            os.close(handle)
        self._answer_all()

    @property
    def _log_path(self):
        return os.path.join(self._directory, 'log')

    def log(self):
        """Returns what all that it has run have written to standard error."""
        with open(self._log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def wait_for(self, key, value):
        """Waits until the service has said so."""
        wait_until(lambda: self.told.get(key) == value,
                   f'{key}={value}, not {self.told}', PATIENCE)

    def close(self):
        """Ends all of it; fails with AssertionError where one that has run ended badly."""
        self._ended = True
        os.write(self._wake_in, b'x')
        self._thread.join()
        try:
            if self.process and self.process.returncode is None:
                status = end(self.process, signal.SIGTERM)
                # One that still starts ends as any program does: there is nothing to be put in order.
                if status != -signal.SIGTERM or self._ready:
                    self.statuses.append(status)
            assert not any(self.statuses), f'{self.statuses}: {self.log()}'
        finally:
            if self.bus:
                self._client.close()
                self.caller.close()
                self.bus.stop()
            for opened in *self._sockets, self._notify, self._asked:
                opened.close()
            os.close(self._wake_in)
            os.close(self._wake_out)
            shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def sleep_until(moment):
    """Returns at a moment of time.monotonic (), or at once where it is past."""
    time.sleep(max(0, moment - time.monotonic()))
