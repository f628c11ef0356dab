# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Nodes of one layer on Redis: channelsd beside Daphne, each as sender and receiver, and nchan."""

import contextlib
import csv
import functools
import json
import subprocess

from channelsd import Daemon, wait_until
from measure import Target, middle, number, print_table, ratio, say
from nodes import Django, RedisServer
from peers import CHAT, CONFIGURATION, NCHAN_PEER, QUICK, run_nchan

# The layers of channelsd, and Django's names of the same.
BACKENDS = {'redis': 'core', 'redis-pubsub': 'pubsub'}

# Messages under way, of which the fastest counts. Both sides have the default capacity of 100
# messages a channel: what is beyond that, a receiver of Django's loses.
WINDOWS = (1, 4, 16, 64, 90, 256)
SHORT_WINDOWS = (4,)

# The same where channelsd is compared with itself: as in part servers.
SAME_WINDOW = 64

CALIBRATION_SECONDS = 0.5
PATIENCE = 20  # seconds without a delivery after which it is lost
IDLE_TABS = 100
COMMAND_SIZE = 64

# How two nodes of nchan keep what is sent, where channelsd's layers keep it and where they do not.
STORAGES = {'redis': 'distributed', 'redis-pubsub': 'nostore'}
NCHAN = 'nchan to nchan'

PAIRS = ('channelsd to channelsd', 'Django to channelsd', 'channelsd to Django', 'Django to Django')
OURS, THEIRS = PAIRS[0], PAIRS[-1]
THROUGH, DIRECT = 'channelsd to channelsd, the same', 'channelsd, one node, no layer'


class Node:
    """A process that is to be a node: a context manager with the attributes port and process."""

    def __init__(self, bench, kind, layer, url):
        if kind == 'Django':
            self._node = Django(BACKENDS[layer], [url])
        else:
            self._node = Daemon(bench.channelsd, '--no-bus', '--layer', layer, '--redis', url,
                                configuration=CONFIGURATION)

    @property
    def port(self):
        return self._node.port

    @property
    def process(self):
        return self._node.process

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._node.close()


@contextlib.contextmanager
def pair(bench, layer, name):
    """Starts a Redis, a node that is published at, and one that has the tabs: a Target.

    The CPU time that is counted is the second's.
    """
    sender, receiver = name.split(' to ')
    options = [*CHAT, QUICK] if 'Django' in name else CHAT
    with contextlib.ExitStack() as stack:
        with bench.cores.for_servers():
            redis = stack.enter_context(RedisServer())
            first = stack.enter_context(Node(bench, sender, layer, redis.url))
            second = stack.enter_context(Node(bench, receiver, layer, redis.url))
            yield Target(second.port, [*options, '--publish-port', str(first.port)],
                         [second.process.pid])


@contextlib.contextmanager
def direct(bench):
    """Starts one channelsd with the memory layer: a Target."""
    with bench.cores.for_servers():
        daemon = Daemon(bench.channelsd, '--no-bus', configuration=CONFIGURATION)
    with daemon:
        yield Target(daemon.port, [*CHAT, '--publish-port', str(daemon.port)],
                     [daemon.process.pid])


@contextlib.contextmanager
def nchan_pair(bench, layer):
    """Starts a Redis and two nginx with nchan on it: a Target, as pair () does."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_servers():
            redis = stack.enter_context(RedisServer(over_tcp=True))
            url = f'redis://127.0.0.1:{redis.port}'
            _, first = stack.enter_context(run_nchan(url, STORAGES[layer]))
            second, port = stack.enter_context(run_nchan(url, STORAGES[layer]))
            yield Target(port, [QUICK, '--publish-port', str(first)], [second.pid])


def measure(bench, start, tabs, window, size):
    """Measures a Target that is started for it."""
    with start() as target:
        return bench.load(target, tabs, window=window, size=size, warm_up=window,
                          patience=PATIENCE)


def measure_events(bench, layer, tabs, size, candidates):
    """Prints the table of events a second, and returns the reports."""
    starts = {name: functools.partial(pair, bench, layer, name) for name in PAIRS}
    if NCHAN_PEER.is_installed():
        starts[NCHAN] = functools.partial(nchan_pair, bench, layer)
    windows = {}
    for name, start in starts.items():
        say(f'{layer}, {tabs} tabs: the fastest window of {name}')
        windows[name] = bench.find_window(start, tabs, candidates, size=size,
                                          seconds=min(CALIBRATION_SECONDS, bench.seconds))
    starts[THROUGH] = starts[OURS]
    starts[DIRECT] = functools.partial(direct, bench)
    windows[THROUGH] = windows[DIRECT] = min(SAME_WINDOW, max(candidates))

    reports = bench.interleave({
        name: functools.partial(measure, bench, start, tabs, windows[name], size)
        for name, start in starts.items()},
        [name for name in starts if 'Django' in name or name == NCHAN])
    print_events(layer, tabs, size, reports, windows)
    return reports


def print_events(layer, tabs, size, reports, windows):
    """Prints what measure_events () has measured."""
    theirs = reports.get(THEIRS, ())
    rows = []
    for name, mine in reports.items():
        cpu = ratio(theirs, mine, 'server_us')
        rows.append([name, windows[name], number(middle(mine, 'events_per_s')),
                     number(middle(mine, 'p50_us')), number(middle(mine, 'p99_us')),
                     number(middle(mine, 'server_us')),
                     number(ratio(mine, theirs, 'events_per_s')), number(cpu)])
    print_table(f'Layer {layer}, {tabs} tabs at the receiving node, {size}-byte events',
                ['sender to receiver', 'window', 'events/s', 'p50 us', 'p99 us',
                 'receiver us/delivery', 'x Django to Django', 'receiver x'], rows)
    through = ratio(reports[THROUGH], reports[DIRECT], 'events_per_s')
    print(f'Through Redis, of the direct path: {number(through)}')
    if NCHAN in reports:
        events, cpu = (number(ratio(*of)) for of in (
            (reports[OURS], reports[NCHAN], 'events_per_s'),
            (reports[NCHAN], reports[OURS], 'server_us')))
        print(f'channelsd, of nchan ({STORAGES[layer]}): {events} x events/s, {cpu} x CPU')


def count_own_commands(bench, url, under_way):
    """Runs bench-redis-commands."""
    with bench.cores.for_client():
        done = subprocess.run([bench.program('bench-redis-commands'), url, str(under_way),
                               str(bench.seconds), str(COMMAND_SIZE)],
                              stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def count_their_commands(bench, path, clients, pipeline, commands):
    """Runs redis-benchmark, for about as many commands as the other has sent."""
    with bench.cores.for_client():
        done = subprocess.run(['redis-benchmark', '-s', path, '-c', str(clients),
                               '-P', str(pipeline), '-n', str(commands), '--csv',
                               'PUBLISH', 'bench', 'x' * COMMAND_SIZE],
                              stdout=subprocess.PIPE, check=True, text=True)
    _, row = csv.reader(done.stdout.splitlines())
    return {'commands_per_s': float(row[1])}


def measure_commands(bench):
    """Prints PUBLISH commands a second, of our connection and of redis-benchmark."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_servers():
            redis = stack.enter_context(RedisServer())
        path = redis.url[len('unix://'):].split('?', maxsplit=1)[0]
        rows = []
        for clients, pipeline in ((1, 16), (1, 256), (50, 16)):
            under_way = clients * pipeline
            first = count_own_commands(bench, redis.url, under_way)
            reports = bench.interleave({
                'ours': functools.partial(count_own_commands, bench, redis.url, under_way),
                'theirs': functools.partial(count_their_commands, bench, path, clients, pipeline,
                                            first['commands'])})
            ours, theirs = reports['ours'], reports['theirs']
            rows.append([under_way, number(middle(ours, 'commands_per_s')),
                         f'-c {clients} -P {pipeline}', number(middle(theirs, 'commands_per_s')),
                         number(ratio(ours, theirs, 'commands_per_s'))])
    print_table(f'PUBLISH of {COMMAND_SIZE} bytes, one connection of ours',
                ['under way', 'commands/s', 'redis-benchmark', 'commands/s', 'ratio'], rows)


def measure_idle(bench, layer, seconds):
    """Prints what a node costs that nobody talks to."""
    rows = []
    for kind in 'channelsd', 'Django':
        say(f'{layer}: idle {kind}')
        with contextlib.ExitStack() as stack:
            with bench.cores.for_servers():
                redis = stack.enter_context(RedisServer())
                node = stack.enter_context(Node(bench, kind, layer, redis.url))
                target = Target(node.port, CHAT, [node.process.pid])
            wait_until(redis.client.client_list, 'the node to connect')
            report = bench.load(target, IDLE_TABS, idle=seconds, seconds=0)
        rows.append([kind, number(report['idle_switches_per_s']),
                     number(report['idle_cpu_us_per_s'])])
    print_table(f'Layer {layer}, {IDLE_TABS} idle tabs for {seconds} s',
                ['node', 'wake-ups/s', 'CPU us/s'], rows)


def run(bench, options):
    """Runs the whole part, and returns the reports of the events."""
    results = {}
    windows = SHORT_WINDOWS if options.short else WINDOWS
    for layer in options.layers:
        for tabs in options.tabs:
            for size in options.sizes:
                name = f'{layer} {tabs} {size}'
                results[name] = measure_events(bench, layer, tabs, size, windows)
        measure_idle(bench, layer, options.idle)
    measure_commands(bench)
    if not NCHAN_PEER.is_installed():
        print(f'Left out, not installed: {NCHAN_PEER.name} ({NCHAN_PEER.install})')
    return results
