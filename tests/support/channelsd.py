# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A real channelsd on a message bus of its own, for tests.

    with Daemon('/path/to/channelsd') as daemon:
        daemon.call('SendToGroup', 'chat_chat_room', 'hello')   # (0, 0)
        urllib.request.urlopen(daemon.url)

Nothing of the user's is touched: bus, home, configuration and runtime
directories are temporary and go with the context.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from gi.repository import GLib

BUS_NAME = 'org.example.Channels'
OBJECT_PATH = '/org/example/Channels'
INTERFACE = 'org.example.Channels'

# Seconds that anything here may take before the test fails: far above what a
# loaded machine needs, far below the test's own limit.
PATIENCE = 20

# The sockets that keep ports reserved.
reserved = []

LISTENING = re.compile(r'^Listening on (http://(\S+):(\d+)/)(?: \(WebSocket: (ws://\S+)\))?$')

BUS_CONFIGURATION = '''<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={directory}</listen>
  {services}
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <{own} own="*"/>
  </policy>
</busconfig>
'''


class StartError(Exception):
    """A process did not come up; the message holds what it printed."""


class EndError(Exception):
    """A process ended in another way than it should; the message holds what it printed."""


class CallError(Exception):
    """A D-Bus method answered with an error.

    name: the error's name, such as org.example.Channels.Error.InvalidName,
        or None where the bus tool failed before there was an answer
    """

    def __init__(self, text):
        super().__init__(text)
        found = re.search(r'GDBus\.Error:([A-Za-z0-9_.]+):', text)
        self.name = found.group(1) if found else None


def wait_until(condition, what, patience=PATIENCE):
    """Calls condition () until it is true, and returns what it gave.

    Fails with TimeoutError, naming what was waited for, after patience seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f'waited {patience} s for {what}')
        time.sleep(0.02)


def reserve_port():
    """Returns a port of 127.0.0.1 that nobody listens on, and that only who knows it will get.

    It is bound as long as this process lives, so the kernel gives it to nobody else, neither to a
    server nor to a client; it is not listened at, so whoever binds with SO_REUSEADDR may.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(('127.0.0.1', 0))
    reserved.append(bound)
    return bound.getsockname()[1]


def read_line(stream, patience=PATIENCE):
    """Reads one line from an unbuffered binary stream, without its line end.

    Returns what there is at the end of the stream; fails with TimeoutError
    where neither comes within patience seconds.
    """
    deadline = time.monotonic() + patience
    line = b''
    while not line.endswith(b'\n'):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            raise TimeoutError(f'waited {patience} s for a line, got {line!r}')
        byte = stream.read(1)
        if not byte:
            break
        line += byte
    return line.decode().rstrip('\n')


def end(process, with_signal=signal.SIGTERM, patience=PATIENCE):
    """Ends a process that the caller started, if it still runs.

    Returns its exit status, or the negative number of the signal that it died
    of. One that does not go within patience seconds is killed, and the test
    fails with subprocess.TimeoutExpired.
    """
    if process.poll() is None:
        process.send_signal(with_signal)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def make_environment(directory):
    """Returns an environment for programs whose files shall all be in an empty directory.

    It has no session bus, and no configuration.
    """
    env = dict(os.environ)
    env.pop('DBUS_SESSION_BUS_ADDRESS', None)
    env['HOME'] = directory
    env['XDG_CONFIG_DIRS'] = directory
    for name in 'CONFIG_HOME', 'CACHE_HOME', 'DATA_HOME', 'STATE_HOME', 'RUNTIME_DIR':
        path = os.path.join(directory, name.lower())
        os.mkdir(path, 0o700)
        env['XDG_' + name] = path
    return env


def write_configuration(env, text):
    """Writes the configuration file that channelsd finds, and returns its path."""
    directory = os.path.join(env['XDG_CONFIG_HOME'], 'channels')
    path = os.path.join(directory, 'channels.conf')
    os.mkdir(directory)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


class Bus:
    """A private message bus.

    service_directories: folders with .service files that it may start programs
        from; none of the system's are used
    own: 'deny' where nobody may have a name
    environment: what it and the programs that it starts get; this process's
        own by default
    """

    def __init__(self, service_directories=(), own='allow', environment=None):
        self._directory = tempfile.mkdtemp(prefix='channels-bus-')
        self.process = None

        services = ''.join(f'<servicedir>{d}</servicedir>' for d in service_directories)
        configuration = os.path.join(self._directory, 'bus.conf')
        with open(configuration, 'w', encoding='utf-8') as file:
            file.write(BUS_CONFIGURATION.format(directory=self._directory, services=services,
                                                own=own))

        try:
            self.process = subprocess.Popen(
                ['dbus-daemon', f'--config-file={configuration}', '--nofork', '--nopidfile',
                 '--print-address=1'],
                stdout=subprocess.PIPE, bufsize=0, env=environment)
            self.address = read_line(self.process.stdout)
            if not self.address:
                raise StartError('dbus-daemon ended without an address')
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Ends the bus; may be called again."""
        if self.process:
            end(self.process)
            self.process.stdout.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Daemon:
    """A running channelsd; a context manager that ends it and its bus.

    Leaving the context fails with EndError where channelsd did not end with
    status 0: it crashed, say, or a sanitizer has found something. A test that
    ends it itself, with stop (), is the judge of how.

    program: the channelsd to run
    arguments: further command-line options
    listen: addresses for --listen, port 0 for a free one
    bus: the Bus to run on; by default one of its own. None with --no-bus.
    configuration: the text of its configuration file, which it finds by itself
    environment: further variables

    Attributes, all of the first address that it listens on:
        url           http://127.0.0.1:PORT/
        ws_url        ws://127.0.0.1:PORT/ws/chat/; None where no route leads to the default group
        port          int
        urls          the URLs of all addresses, in order
        bus_address   the value of DBUS_SESSION_BUS_ADDRESS; None with --no-bus
        env           the environment for programs that shall talk to it
        process       the subprocess.Popen
    """

    def __init__(self, program, *arguments, listen=('127.0.0.1:0',), bus=None,
                 configuration='', environment=None):
        self._program = program
        self._arguments = list(arguments)
        self._listen = [listen] if isinstance(listen, str) else list(listen)
        self._directory = tempfile.mkdtemp(prefix='channelsd-')
        self._own_bus = None
        self._stopped = False
        self.process = None

        self.env = {**make_environment(self._directory), **(environment or {})}
        if configuration:
            write_configuration(self.env, configuration)
        self.bus_address = None
        try:
            if '--no-bus' not in arguments:
                if bus is None:
                    bus = self._own_bus = Bus(environment=self.env)
                self.bus_address = bus.address
                self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
            self._start()
        except BaseException:
            self._release()
            raise

    def _start(self):
        command = [self._program, *self._arguments]
        for address in self._listen:
            command += ['--listen', address]

        with open(self._log_path, 'ab') as log:
            self.process = subprocess.Popen(command, env=self.env, bufsize=0,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=log)

        found = []
        for _ in self._listen:
            line = read_line(self.process.stdout)
            match = LISTENING.match(line)
            if not match:
                raise StartError(f'{line!r} is no address; standard error: {self.log()}')
            found.append(match)

        self._stopped = False
        self.urls = [match.group(1) for match in found]
        self.url = self.urls[0]
        self.port = int(found[0].group(3))
        self.ws_url = found[0].group(4)

        if self.bus_address:
            subprocess.run(['gdbus', 'wait', '--session', '--timeout', str(PATIENCE), BUS_NAME],
                           env=self.env, check=True)

    @property
    def _log_path(self):
        return os.path.join(self._directory, 'log')

    def log(self):
        """Returns what it has written to standard error, over all restarts."""
        with open(self._log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def stop(self, with_signal=signal.SIGTERM):
        """Ends it, not its bus, and returns its exit status as end () does."""
        self._stopped = True
        status = end(self.process, with_signal)
        self.process.stdout.close()
        return status

    def restart(self, with_signal=signal.SIGTERM):
        """Ends it and starts it again, on the same ports and the same bus."""
        self.stop(with_signal)
        self.start_again()

    def start_again(self):
        """Starts it, after stop (), on the ports that it had."""
        self._listen = [url[len('http://'):-1] for url in self.urls]
        self._start()

    def _release(self):
        """Ends what still runs and removes the files."""
        try:
            if self.process:
                self.stop()
        finally:
            if self._own_bus:
                self._own_bus.stop()
            shutil.rmtree(self._directory, ignore_errors=True)

    def close(self):
        """Ends it and its bus and removes its files; may be called again.

        Fails with EndError as leaving the context does.
        """
        try:
            status = 0 if self._stopped else self.stop()
            if status != 0:
                raise EndError(f'channelsd ended with status {status}: {self.log()}')
        finally:
            self._release()

    def call(self, method, *arguments):
        """Calls a method of the service with gdbus, as a user would type it.

        arguments: strings in GVariant's text form; a plain string may go
            without its quotes

        Returns the answer as a tuple of Python values. Fails with CallError.
        """
        name = method if '.' in method else f'{INTERFACE}.{method}'
        done = subprocess.run(
            ['gdbus', 'call', '--session', '--dest', BUS_NAME, '--object-path', OBJECT_PATH,
             '--timeout', str(PATIENCE), '--method', name, *arguments],
            env=self.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CallError(done.stderr.strip())
        return GLib.Variant.parse(None, done.stdout.strip(), None, None).unpack()

    def get(self, name):
        """Returns the value of a property of the service, such as 'Url'."""
        (value,) = self.call('org.freedesktop.DBus.Properties.Get', INTERFACE, name)
        return value

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
