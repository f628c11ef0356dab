# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Memory and descriptors over many connections, and what a start costs, beside node ws."""

import contextlib
import os
import re
import statistics
import subprocess
import tempfile
import time

from channelsd import (Bus, StartError, end, make_environment, read_line, wait_until,
                       write_configuration)
from measure import Target, middle, number, print_table, ratio, say
from peers import CHAT, CONFIGURATION, HERE, NPM, has_node_module, node_env

# Of connecting and leaving. What a server keeps from the first is no leak.
CYCLES = 10
FIRST_CYCLE = 2
CYCLE_TABS = 1000
SHORT_CYCLE_TABS = 20

STARTS = 10  # of a round: the median counts, so that no file is read for the first time
SHORT_STARTS = 2

OURS, ON_BUS, NODE = 'channelsd', 'channelsd with the bus', 'node ws'

RSS = re.compile(r'^VmRSS:\s+(\d+) kB$', re.MULTILINE)


def read_rss(pid):
    """Returns the memory of a process, in kB."""
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        return int(RSS.search(file.read()).group(1))


def read_cpu(pid):
    """Returns the CPU time of all threads of a process, in s."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat', encoding='ascii') as file:
            total += int(file.read().split()[0])
    return total / 1e9


def count_descriptors(pid):
    """Returns how many a process has open."""
    return len(os.listdir(f'/proc/{pid}/fd'))


@contextlib.contextmanager
def environment(kind, bench):
    """Gives an environment for a server, with a bus where it wants one."""
    if kind == NODE:
        yield node_env()
        return
    with contextlib.ExitStack() as stack:
        env = make_environment(stack.enter_context(tempfile.TemporaryDirectory()))
        write_configuration(env, CONFIGURATION)
        if kind == ON_BUS:
            with bench.cores.for_client():
                bus = stack.enter_context(Bus())
            env['DBUS_SESSION_BUS_ADDRESS'] = bus.address
        yield env


def make_command(kind, bench):
    """Returns how a server is started."""
    if kind == NODE:
        return ['node', os.path.join(HERE, 'node-server.js'), 'ws']
    return [bench.channelsd, '--listen', '127.0.0.1:0', *(['--no-bus'] if kind == OURS else [])]


@contextlib.contextmanager
def started(bench, kind):
    """Starts a server on the servers' core: its process, its port, and what the start cost."""
    with environment(kind, bench) as env:
        with bench.cores.for_servers():
            before = time.monotonic()
            process = subprocess.Popen(make_command(kind, bench), env=env, bufsize=0,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        with process:
            try:
                line = read_line(process.stdout)
                ms = (time.monotonic() - before) * 1e3
                found = re.search(r':(\d+)', line)
                if not found:
                    raise StartError(f'{kind}: {line!r} is no address')
                yield process, int(found.group(1)), {
                    'start_ms': ms, 'start_cpu_ms': read_cpu(process.pid) * 1e3,
                    'start_rss_kb': read_rss(process.pid)}
            finally:
                end(process)


def measure_start(bench, kinds, starts):
    """Prints what it costs to start, and returns the reports."""
    def start(kind):
        costs = []
        for _ in range(starts):
            with started(bench, kind) as (_, _, cost):
                costs.append(cost)
        return {key: middle(costs, key) for key in costs[0]}

    reports = bench.interleave({kind: lambda kind=kind: start(kind) for kind in kinds})
    node = reports.get(NODE, ())
    rows = [[kind, number(middle(costs, 'start_ms')), number(middle(costs, 'start_cpu_ms')),
             number(middle(costs, 'start_rss_kb')), number(ratio(costs, node, 'start_ms')),
             number(ratio(costs, node, 'start_rss_kb'))] for kind, costs in reports.items()]
    print_table('From the start to listening',
                ['server', 'ms', 'CPU ms', 'RSS kB', 'x ms of node ws', 'x its RSS'], rows)
    return reports


def connect_and_leave(bench, process, target, tabs):
    """Has so many tabs connect at once and leave: memory in kB and descriptors after it."""
    before = count_descriptors(process.pid)
    bench.load(target, tabs, seconds=0)
    wait_until(lambda: count_descriptors(process.pid) <= before, f'{tabs} tabs to be gone')
    return read_rss(process.pid), count_descriptors(process.pid)


def measure_cycles(bench, kind, tabs):
    """Has all tabs connect and leave again and again: what has grown."""
    options = CHAT if kind != NODE else ()
    with started(bench, kind) as (process, port, _):
        target = Target(port, options, [process.pid])
        descriptors = count_descriptors(process.pid)
        kept = []
        for i in range(CYCLES):
            say(f'{kind}: {tabs} tabs, time {i + 1} of {CYCLES}')
            kept.append(connect_and_leave(bench, process, target, tabs))
    first, last = kept[FIRST_CYCLE - 1], kept[-1]
    return {'rss_kb': [rss for rss, _ in kept], 'growth_kb': last[0] - first[0],
            'rss_kb_first': first[0], 'rss_kb_last': last[0],
            'descriptors': last[1] - descriptors}


def print_cycles(reports, tabs):
    """Prints what measure_cycles () has measured."""
    def row(kind, of_one):
        return [kind, *(number(statistics.median(report[key] for report in of_one))
                        for key in ('rss_kb_first', 'rss_kb_last')),
                *(str(statistics.median(report[key] for report in of_one))
                  for key in ('growth_kb', 'descriptors')),
                str(max(report['growth_kb'] for report in of_one))]

    print_table(f'{CYCLES} times {tabs} tabs that connect and leave',
                ['server', f'RSS kB after {FIRST_CYCLE}', f'after {CYCLES}', 'growth kB',
                 'descriptors more', 'most growth kB'],
                [row(kind, of_one) for kind, of_one in reports.items()])


def run(bench, options):
    """Runs the whole part, and returns the reports."""
    has_node = has_node_module('ws')
    results = {'start': measure_start(bench, [OURS, ON_BUS, *([NODE] if has_node else [])],
                                      SHORT_STARTS if options.short else STARTS)}
    tabs = SHORT_CYCLE_TABS if options.short else CYCLE_TABS
    results['cycles'] = bench.interleave({OURS: lambda: measure_cycles(bench, OURS, tabs)})
    print_cycles(results['cycles'], tabs)
    if not has_node:
        print(f'Left out, not installed: {NODE} ({NPM.format("ws")})')
    return results
