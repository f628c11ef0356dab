# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a flood of one group costs those who want little: beside the same on an idle server."""

import contextlib
import functools
import itertools
import json
import os
import select
import statistics
import subprocess
import threading

from channelsd import Bus, Daemon, end, read_line
from measure import RUN_PATIENCE, CheckError, number, print_table, ratio, spell
from peers import CHAT, CONFIGURATION
from wsclient import Client

FLOOD_PATH = '/ws/chat/flood/'
WINDOWS = (64, 256)  # events under way
SHORT_WINDOWS = (64,)
DEAF_TABS = 20       # of the same group, that never read
DEAF_BUFFER = 4096   # bytes that the kernel may keep for each
LOOK_MS = 20         # how often the deaf look whether they were dropped
RATE = 300           # probes a second, of three kinds in turns
NICENESS = 19        # of the flood: it shall not keep the probe from its core

IDLE, FLOODED = 'idle', 'flooded'
PROBES = {'upgrade': 'new connection', 'event': 'event of another group', 'call': 'bus call',
          'late': '(the probe itself)'}


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
        client.upgrade(FLOOD_PATH)
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
def flood(bench, daemon, tabs, window, size):
    """Floods a group as long as the context lasts: a dictionary that gets the report in the end.

    Fails with CheckError where one of the tabs that read lost an event.
    """
    result = {}
    options = spell({'tabs': tabs, 'size': size, 'window': window, 'seconds': RUN_PATIENCE,
                     'patience': RUN_PATIENCE / 10, 'pids': daemon.process.pid})
    command = ['nice', '-n', str(NICENESS), bench.program('load-client'), '--port',
               str(daemon.port), *CHAT, '--path', FLOOD_PATH, '--tell', *options]
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


def measure(bench, is_flooded, tabs, window, size):
    """Probes a channelsd that is started for it."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            bus = stack.enter_context(Bus())
        with bench.cores.for_servers():
            daemon = stack.enter_context(Daemon(bench.channelsd, bus=bus,
                                                configuration=CONFIGURATION))
        crowd = flood(bench, daemon, tabs, window, size) if is_flooded else None
        with crowd or contextlib.nullcontext({}) as flooding:
            report = bench.measure('bench-probe', str(daemon.port), str(RATE), env=daemon.env,
                                   seconds=bench.seconds)
    return {**report, 'flood': flooding}


def print_times(reports, tabs, window, size):
    """Prints what was measured."""
    rows = []
    for key, name in PROBES.items():
        for kind in IDLE, FLOODED:
            times = [report[key] for report in reports[kind]]
            others = [report[key] for report in reports[IDLE]]
            rows.append([f'{name}, {kind}', sum(one['n'] for one in times),
                         *(number(statistics.median(one[figure] for one in times))
                           for figure in ('p50_us', 'p99_us', 'max_us')),
                         number(max(one['max_us'] for one in times)),
                         number(ratio(times, others, 'p50_us')),
                         number(ratio(times, others, 'p99_us'))])
    print_table(f'Beside a flood of {tabs} tabs that read and {DEAF_TABS} that never do: '
                f'{window} events of {size} bytes under way',
                ['what', 'n', 'p50 us', 'p99 us', 'max us', 'max of all', 'x p50 of idle',
                 'x p99 of idle'], rows)
    floods = [report['flood'] for report in reports[FLOODED]]
    print_table('The flood', ['deliveries/s', 'server load', 'client load', 'p99 us',
                              'tabs dropped that never read'],
                [[number(statistics.median(one[key] for one in floods))
                  for key in ('deliveries_per_s', 'server_load', 'client_load', 'p99_us',
                              'dropped')]])


def run(bench, options):
    """Runs the whole part, and returns the reports."""
    results = {}
    windows = SHORT_WINDOWS if options.short else WINDOWS
    for size, tabs, window in itertools.product(options.sizes, options.tabs, windows):
        reports = bench.interleave({
            kind: functools.partial(measure, bench, kind == FLOODED, tabs, window, size)
            for kind in (IDLE, FLOODED)})
        print_times(reports, tabs, window, size)
        results[f'{tabs} {window} {size}'] = reports
    return results
