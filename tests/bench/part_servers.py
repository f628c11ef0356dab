# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""One node with the memory layer, beside the bare limit and other servers."""

import contextlib
import functools
import os
import subprocess

from channelsd import wait_until
from measure import middle, number, print_table, ratio, say
from peers import BARE, OURS, PEERS

# Events under way, by the greatest number of tabs that it is for.
WINDOWS = {1000: 64, 10000: 32}

# The same for servers that lose what is beyond: the fastest of these, but for slow ones one at a
# time. Short runs have no time to find it.
SMALL_WINDOWS = {1000: (1, 4, 16, 64), 10000: (1, 8, 32)}
SLOW_WINDOWS = {1000: (1, 4, 16, 64), 10000: (1,)}
SHORT_WINDOWS = (4,)

# Seconds without a delivery after which a server has lost it.
PATIENCE = 10
SLOW_PATIENCE = 60
CALIBRATION_SECONDS = 0.5

# Events a second without a backlog, by the greatest number of tabs; and so many, by the number of
# tabs, that one comes before the one before it has been written to all.
RATES = {1: 500, 100: 200, 1000: 50, 10000: 5}
BUSY_RATES = {1000: 400, 10000: 50}

IDLE_TABS = 9980
SHORT_IDLE_TABS = 200
IDLE_PATH = '/ws/chat/idle/'


def lookup(table, tabs):
    """Returns the value for the least key that is not below tabs."""
    return table[min((key for key in table if key >= tabs), default=max(table))]


@contextlib.contextmanager
def started(bench, peer, size):
    """Starts a peer on the servers' core: a Target."""
    with contextlib.ExitStack() as stack:
        with bench.cores.for_servers():
            target = stack.enter_context(peer.start(bench, size))
        yield target


def measure(bench, peer, tabs, **options):
    """Measures a peer that is started for it."""
    with started(bench, peer, options['size']) as target:
        return bench.load(target, tabs, **options)


def find_window(bench, peer, tabs, size, short):
    """Returns how many events shall be under way at a peer."""
    if not peer.loses:
        return lookup(WINDOWS, tabs)
    say(f'{tabs} tabs, {size} bytes: the fastest window of {peer.name}')
    windows = SLOW_WINDOWS if peer.slow else SMALL_WINDOWS
    return bench.find_window(functools.partial(started, bench, peer, size), tabs,
                             SHORT_WINDOWS if short else lookup(windows, tabs), size=size,
                             seconds=min(CALIBRATION_SECONDS, bench.seconds))


def measure_flood(bench, peers, tabs, size, short):
    """Prints the table of deliveries a second, and returns the reports."""
    peers = [peer for peer in peers if tabs <= peer.most]
    windows = {peer.name: find_window(bench, peer, tabs, size, short) for peer in peers}
    runs = {}
    for peer in peers:
        window = windows[peer.name]
        is_slow = peer.slow and tabs > min(SLOW_WINDOWS)
        runs[peer.name] = functools.partial(measure, bench, peer, tabs, size=size, window=window,
                                            warm_up=window,
                                            patience=SLOW_PATIENCE if is_slow else PATIENCE)
    reports = bench.interleave(runs, {peer.name for peer in peers} - {OURS.name, BARE.name})

    ours = reports[OURS.name]
    rows = []
    for name, theirs in reports.items():
        rows.append([name, windows[name], number(middle(theirs, 'deliveries_per_s')),
                     number(middle(theirs, 'server_us')), number(middle(theirs, 'p50_us')),
                     number(middle(theirs, 'p99_us')), number(middle(theirs, 'server_load')),
                     number(middle(theirs, 'client_load')),
                     number(ratio(ours, theirs, 'deliveries_per_s')),
                     number(ratio(theirs, ours, 'server_us'))])
    print_table(f'{tabs} tabs, {size}-byte events: flood',
                ['server', 'window', 'deliveries/s', 'us/delivery', 'p50 us', 'p99 us',
                 'its load', 'client load', 'channelsd x', 'CPU x'], rows)
    return reports


def compare(bench, runs, columns):
    """Measures channelsd beside the bare limit, and returns the cells and the reports.

    runs: functions of a peer, by what they measure
    columns: by the same, the figures that count
    """
    rows, results = [], {}
    for name, run in runs.items():
        reports = bench.interleave({peer.name: functools.partial(run, peer)
                                    for peer in (OURS, BARE)})
        results[name] = reports
        ours, bare = reports[OURS.name], reports[BARE.name]
        for key in columns[name]:
            rows.append([f'{name}: {key}', number(middle(ours, key)), number(middle(bare, key)),
                         number(ratio(ours, bare, key))])
    return rows, results


def measure_calm(bench, tab_counts, size):
    """Prints what is not a flood: ping-pong, events at a pace, connections."""
    runs = {'1 tab, ping-pong':
            lambda peer: measure(bench, peer, 1, size=size, window=1, warm_up=100)}
    columns = {'1 tab, ping-pong': ('p50_us', 'p99_us', 'server_us')}
    for tabs in tab_counts:
        rate = lookup(RATES, tabs)
        name = f'{tabs} tabs, {rate} events/s'
        runs[name] = functools.partial(measure, bench, tabs=tabs, size=size, rate=rate)
        columns[name] = ('server_us', 'p50_us', 'connect_us', 'connects_per_s', 'bytes_per_tab')
    for tabs, rate in BUSY_RATES.items():
        if tabs in tab_counts:
            name = f'{tabs} tabs, {rate} events/s'
            runs[name] = functools.partial(measure, bench, tabs=tabs, size=size, rate=rate)
            columns[name] = ('server_us', 'p50_us', 'p99_us')

    rows, results = compare(bench, runs, columns)
    print_table(f'{size}-byte events at a pace, and connections',
                ['what', 'channelsd', 'bare limit', 'ratio'], rows)
    return results


@contextlib.contextmanager
def idle_tabs(bench, target, tabs):
    """Has so many tabs in a group that nobody sends to."""
    pid = target.pids[0]

    def count():
        return len(os.listdir(f'/proc/{pid}/fd'))

    before = count()
    command = [bench.program('load-client'), *target.options, '--path', IDLE_PATH,
               '--tabs', str(tabs), '--idle', '1000000']
    with bench.cores.for_client():
        crowd = subprocess.Popen(command)
    with crowd:
        try:
            wait_until(lambda: count() >= before + tabs, f'{tabs} tabs to connect')
            yield
        finally:
            crowd.kill()


def measure_crowd(bench, tabs, seconds, size):
    """Prints what idle tabs cost one that is not, and what they cost when all are idle."""
    def alone():
        with started(bench, OURS, size) as target:
            return bench.load(target, 1, window=1, size=size, warm_up=100)

    def in_a_crowd():
        with started(bench, OURS, size) as target, idle_tabs(bench, target, tabs):
            return bench.load(target, 1, window=1, size=size, warm_up=100)

    reports = bench.interleave({'alone': alone, 'crowd': in_a_crowd})
    rows = [[key, number(middle(reports['crowd'], key)), number(middle(reports['alone'], key)),
             number(ratio(reports['crowd'], reports['alone'], key))]
            for key in ('server_us', 'p50_us', 'p99_us')]
    print_table(f'channelsd, ping-pong of one tab beside {tabs} idle ones',
                ['what', 'beside them', 'alone', 'ratio'], rows)

    say(f'{tabs} idle tabs')
    with started(bench, OURS, size) as target:
        report = bench.load(target, tabs, idle=seconds, seconds=0)
    print_table(f'channelsd, {tabs} idle tabs for {seconds} s',
                ['wake-ups/s', 'CPU us/s', 'bytes/tab'],
                [[number(report[key]) for key in
                  ('idle_switches_per_s', 'idle_cpu_us_per_s', 'bytes_per_tab')]])
    return reports


def choose(names):
    """Returns the peers that are installed and wanted, and those that are only wanted."""
    wanted = [peer for peer in PEERS
              if names is None or peer in (OURS, BARE) or any(name in peer.name for name in names)]
    installed = [peer for peer in wanted if peer.is_installed()]
    return installed, [peer for peer in wanted if peer not in installed]


def run(bench, options):
    """Runs the whole part, and returns the reports."""
    peers, missing = choose(options.only)
    results = {}
    for size in options.sizes:
        for tabs in options.tabs:
            results[f'flood {tabs} {size}'] = measure_flood(bench, peers, tabs, size,
                                                            options.short)
    size = options.sizes[0]
    results['calm'] = measure_calm(bench, options.tabs, size)
    results['crowd'] = measure_crowd(bench, SHORT_IDLE_TABS if options.short else IDLE_TABS,
                                     options.idle, size)
    for peer in missing:
        print(f'Left out, not installed: {peer.name} ({peer.install})')
    return results
