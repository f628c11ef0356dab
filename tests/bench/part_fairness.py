# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a flood of one group costs those who want little: beside the same on an idle server."""

import contextlib
import functools
import itertools
import os
import statistics

from channelsd import Bus, Daemon
from floods import DEAF_TABS, NICENESS, from_a_tab, from_redis, from_the_bus
from measure import number, print_table, ratio
from nodes import RedisServer
from peers import CONFIGURATION

WINDOWS = (64, 256)  # events under way
SHORT_WINDOWS = (64,)
RATE = 300           # probes a second, of three kinds in turns

IDLE, FLOODED = 'idle', 'flooded'
PROBES = {'upgrade': 'new connection', 'event': 'event of another group', 'call': 'bus call',
          'late': '(the probe itself)'}


@contextlib.contextmanager
def started(bench, *arguments):
    """Starts a bus and a channelsd: the Daemon."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            bus = stack.enter_context(Bus())
        with bench.cores.for_servers():
            daemon = stack.enter_context(Daemon(bench.channelsd, *arguments, bus=bus,
                                                configuration=CONFIGURATION))
        yield daemon


def probe(bench, daemon):
    """Returns what the probe waited for."""
    return bench.measure('bench-probe', str(daemon.port), str(RATE), env=daemon.env,
                         seconds=bench.seconds)


def measure(bench, is_flooded, flood, tabs, *options):
    """Probes a channelsd that is started for it, beside a flood or not."""
    with started(bench) as daemon:
        crowd = flood(bench, daemon, tabs, *options) if is_flooded else contextlib.nullcontext({})
        with crowd as flooding:
            report = probe(bench, daemon)
    return {**report, 'flood': flooding}


def measure_redis(bench, is_flooded, tabs, size):
    """The same, with a Redis between; and what it brings is the flood."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_client():
            redis = stack.enter_context(RedisServer(over_tcp=True))
        os.setpriority(os.PRIO_PROCESS, redis.process.pid, NICENESS)
        daemon = stack.enter_context(started(bench, '--layer', 'redis-pubsub', '--redis',
                                             redis.url))
        if is_flooded:
            stack.enter_context(from_redis(bench, daemon, redis, tabs, size))
        return probe(bench, daemon)


def print_times(title, reports):
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
    print_table(title, ['what', 'n', 'p50 us', 'p99 us', 'max us', 'max of all', 'x p50 of idle',
                        'x p99 of idle'], rows)


def print_flood(reports):
    """Prints what became of a flood from a tab."""
    floods = [report['flood'] for report in reports[FLOODED]]
    print_table('The flood', ['deliveries/s', 'server load', 'client load', 'p99 us',
                              'tabs dropped that never read'],
                [[number(statistics.median(one[key] for one in floods))
                  for key in ('deliveries_per_s', 'server_load', 'client_load', 'p99_us',
                              'dropped')]])


def compare(bench, title, function, *options):
    """Prints, and returns, what is measured beside a flood and without."""
    reports = bench.interleave({
        kind: functools.partial(function, bench, kind == FLOODED, *options)
        for kind in (IDLE, FLOODED)})
    print_times(title, reports)
    return reports


def run(bench, options):
    """Runs the whole part, and returns the reports."""
    results = {}
    windows = SHORT_WINDOWS if options.short else WINDOWS
    for size, tabs, window in itertools.product(options.sizes, options.tabs, windows):
        reports = compare(bench, f'{tabs} tabs read what one of them sends, and {DEAF_TABS} never '
                          f'do: {window} events of {size} bytes under way', measure, from_a_tab,
                          tabs, window, size)
        print_flood(reports)
        results[f'tab {tabs} {window} {size}'] = reports
    for size, tabs in itertools.product(options.sizes, options.tabs):
        results[f'bus {tabs} {size}'] = compare(
            bench, f'{tabs} tabs read what comes from the bus, as fast as it can be sent: '
            f'{size} bytes', measure, from_the_bus, tabs, size)
        results[f'redis {tabs} {size}'] = compare(
            bench, f'{tabs} tabs read what comes from Redis, as fast as it can be published: '
            f'{size} bytes', measure_redis, tabs, size)
    return results
