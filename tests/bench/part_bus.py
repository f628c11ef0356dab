# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Calls on the bus: channelsd beside a service of plain GDBus that only counts."""

import contextlib
import functools
import os
import subprocess

from channelsd import Bus, Daemon, StartError, end, read_line
from measure import middle, number, print_table, ratio
from peers import CONFIGURATION

OURS, COUNTER = 'channelsd', 'counts only'

UNDER_WAY = 64  # calls, or events
WARM_UP = 200   # calls

ALONE, SINGLE = 'SendToGroup, one at a time', 'SendToGroup, 64 under way'
ONE_BATCH, BATCHES = 'SendMany of 64, one at a time', 'SendMany of 64, 4 under way'
BATCHES_UNDER_WAY = 4


@contextlib.contextmanager
def started(bench, kind):
    """Starts a bus beside the caller, and a service on the other core.

    Gives the environment and the options for bench-bus.
    """
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            bus = stack.enter_context(Bus())
        env = {**os.environ, 'DBUS_SESSION_BUS_ADDRESS': bus.address}
        with bench.cores.for_servers():
            start = start_channelsd if kind == OURS else start_counter
            options = stack.enter_context(start(bench, bus, env))
        yield env, options


@contextlib.contextmanager
def start_channelsd(bench, bus, _env):
    """Starts channelsd: options for bench-bus."""
    with Daemon(bench.channelsd, bus=bus, configuration=CONFIGURATION) as daemon:
        yield {'port': daemon.port, 'pid': daemon.process.pid}


@contextlib.contextmanager
def start_counter(bench, _bus, env):
    """Starts the counting service: options for bench-bus."""
    with subprocess.Popen([bench.program('bench-bus'), 'serve'], stdout=subprocess.PIPE, bufsize=0,
                          env=env) as process:
        try:
            if read_line(process.stdout) != 'Ready':
                raise StartError('bench-bus: the counting service does not come up')
            yield {'pid': process.pid}
        finally:
            end(process)


def measure(bench, kind, mode, **options):
    """Measures a service that is started for it."""
    with started(bench, kind) as (env, more):
        return bench.measure('bench-bus', mode, env=env, seconds=bench.seconds, **more, **options)


def measure_calls(bench, size):
    """Prints calls a second, and returns the reports."""
    reports = bench.interleave({
        kind: functools.partial(measure, bench, kind, 'flood', size=size, under_way=UNDER_WAY,
                                warm_up=WARM_UP)
        for kind in (OURS, COUNTER)})
    ours = reports[OURS]
    rows = [[kind, number(middle(theirs, 'calls_per_s')), number(middle(theirs, 'server_us')),
             number(middle(theirs, 'server_load')), number(middle(theirs, 'client_load')),
             number(ratio(ours, theirs, 'calls_per_s')), number(ratio(ours, theirs, 'server_us'))]
            for kind, theirs in reports.items()]
    print_table(f'SendToGroup of {size} bytes to one tab, {UNDER_WAY} calls under way',
                ['service', 'calls/s', 'us/call', 'its load', 'caller load',
                 'channelsd x calls/s', 'channelsd x us/call'], rows)
    return reports


def measure_latency(bench, size):
    """Prints the time from a call to the tab, and returns the reports."""
    to_tab, to_caller, round_trip = 'call to tab', 'call to answer', 'counting call to answer'
    reports = bench.interleave({
        name: functools.partial(measure, bench, kind, mode, size=size, warm_up=WARM_UP)
        for name, kind, mode in ((to_tab, OURS, 'deliver'), (to_caller, OURS, 'round-trip'),
                                 (round_trip, COUNTER, 'round-trip'))})
    base = reports[round_trip]
    rows = [[name, number(middle(times, 'p50_us')), number(middle(times, 'p99_us')),
             number(middle(times, 'server_us')), number(ratio(times, base, 'p50_us')),
             number(ratio(times, base, 'server_us'))] for name, times in reports.items()]
    print_table(f'One call at a time, {size} bytes',
                ['from … to', 'p50 us', 'p99 us', 'server us/call', 'x p50 of counting',
                 'x its CPU'], rows)
    return reports


def measure_batches(bench, size):
    """Prints events a second of batches beside single calls, and returns the reports."""
    ways = {ALONE: {'under_way': 1},
            SINGLE: {'under_way': UNDER_WAY},
            ONE_BATCH: {'under_way': 1, 'batch': UNDER_WAY},
            BATCHES: {'under_way': BATCHES_UNDER_WAY, 'batch': UNDER_WAY}}
    reports = bench.interleave({
        name: functools.partial(measure, bench, OURS, 'flood', size=size, warm_up=WARM_UP, **way)
        for name, way in ways.items()})
    alone, single = reports[ALONE], reports[SINGLE]
    rows = [[name, number(middle(mine, 'events_per_s')),
             number(middle(mine, 'server_us_per_event')), number(middle(mine, 'server_load')),
             number(middle(mine, 'client_load')), number(ratio(mine, alone, 'events_per_s')),
             number(ratio(mine, single, 'events_per_s')),
             number(ratio(single, mine, 'server_us_per_event'))] for name, mine in reports.items()]
    print_table(f'Events of {size} bytes from the bus to one tab',
                ['calls', 'events/s', 'us/event', 'server load', 'caller load', 'x one at a time',
                 'x 64 under way', 'its CPU x'], rows)
    return reports


def run(bench, options):
    """Runs the whole part, and returns the reports."""
    results = {}
    for size in options.sizes:
        results[f'calls {size}'] = measure_calls(bench, size)
        results[f'latency {size}'] = measure_latency(bench, size)
        results[f'batches {size}'] = measure_batches(bench, size)
    return results
