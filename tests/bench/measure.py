# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How all benchmarks measure: cores, the load client, rounds, ratios, tables."""

import contextlib
import json
import os
import statistics
import subprocess
import sys

# Seconds after which a run of the load client is given up, beyond what it was told to last.
RUN_PATIENCE = 300

# A window is given up for a wider one where that is so much faster. After so many that were not,
# wider ones are not tried.
WORTHWHILE = 1.1
FRUITLESS_MAX = 2

# Of a measurement in which another server loses something.
TRIES = 2


class CheckError(Exception):
    """A delivery was lost, doubled or out of order; the message says what the load client saw."""


class Cores:
    """One core for the servers and one for the client, of those that this process may use.

    Where there is but one it is for both.
    """

    def __init__(self):
        allowed = sorted(os.sched_getaffinity(0))
        self.servers, self.client = allowed[0], allowed[-1]

    @contextlib.contextmanager
    def _on(self, core):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)

    def for_servers(self):
        """Returns a context: what is started in it runs on the servers' core."""
        return self._on(self.servers)

    def for_client(self):
        """Returns a context: what is started in it runs on the client's core."""
        return self._on(self.client)


class Target:
    """A server that runs, as the load client sees it.

    options: how it is spoken to
    pids: its processes, whose CPU time is counted
    """

    def __init__(self, port, options=(), pids=()):
        self.options = ['--port', str(port), *options]
        self.pids = [process for pid in pids for process in family(pid)]


class Bench:
    """What all measurements need.

    build: the build directory
    rounds, seconds: how often and how long each thing is measured
    """

    def __init__(self, build, rounds, seconds):
        self.channelsd = os.path.join(build, 'src', 'channelsd')
        self.programs = os.path.join(build, 'tests', 'bench')
        self.rounds = rounds
        self.seconds = seconds
        self.cores = Cores()

    def program(self, name):
        """Returns the path of one of the benchmarks' own programs."""
        return os.path.join(self.programs, name)

    def load(self, target, tabs, *, window=64, size=64, **options):
        """Runs the load client, and returns what it reports.

        options: its others, with _ for -

        Fails with CheckError where not every message reached each tab once and in order.
        """
        options.setdefault('seconds', self.seconds)
        if target.pids:
            options['pids'] = ','.join(map(str, target.pids))
        return self.measure('load-client', *target.options, tabs=tabs, window=window, size=size,
                            **options)

    def measure(self, name, *words, env=None, **options):
        """Runs one of the benchmarks' own programs on the client's core; returns what it reports.

        options: its others, with _ for -

        Fails with CheckError where it says that something was lost, doubled or out of order.
        """
        command = [self.program(name), *words, *spell(options)]
        with self.cores.for_client():
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, check=False, env=env,
                                  timeout=RUN_PATIENCE + options['seconds'])
        if done.returncode != 0:
            raise CheckError(f'{" ".join(command)}: {done.stderr}{done.stdout}')
        return json.loads(done.stdout)

    def find_window(self, start, tabs, windows, **options):
        """Returns the fastest of some windows, in rising order, in which nothing is lost.

        start: returns a context of a Target, for each window a new one
        """
        if len(windows) == 1:
            return windows[0]

        best, rate, fruitless = windows[0], 0, 0
        for window in windows:
            try:
                with start() as target:
                    result = self.load(target, tabs, window=window, patience=3, **options)
            except CheckError as error:
                say(f'not with {window} under way: {error}')
                break
            if result['events_per_s'] > rate * WORTHWHILE:
                best, rate, fruitless = window, result['events_per_s'], 0
            else:
                fruitless += 1
            if fruitless == FRUITLESS_MAX:
                break
        return best

    def interleave(self, runs, forgiven=()):
        """Measures A B … A B …, and returns the reports of each, by name, in order.

        runs: functions by name
        forgiven: names of those that may lose something once in a while. One that
            does so again and again is left out of what is returned.
        """
        reports = {name: [] for name in runs}
        for i in range(self.rounds):
            for name in list(reports):
                say(f'round {i + 1} of {self.rounds}: {name}')
                run = runs[name]
                report = try_again(name, run) if name in forgiven else run()
                if report is None:
                    print(f'Left out, loses events again and again: {name}')
                    del reports[name]
                else:
                    reports[name].append(report)
        return reports


def spell(options):
    """Returns options as they are typed."""
    return [f'--{name.replace("_", "-")}={value}' for name, value in options.items()]


def try_again(name, run):
    """Returns what run () returns, or None where something is lost each time."""
    for _ in range(TRIES):
        try:
            return run()
        except CheckError as error:
            say(f'{name}: {error}')
    return None


def family(pid):
    """Returns a process and all that it has started."""
    found = [pid]
    with contextlib.suppress(FileNotFoundError):
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children', encoding='ascii') as file:
                for child in file.read().split():
                    found += family(int(child))
    return found


def say(text):
    """Tells the user, beside the results."""
    print(text, file=sys.stderr, flush=True)


def middle(reports, key):
    """Returns the median of a figure."""
    return statistics.median(report[key] for report in reports)


def ratio(reports, others, key):
    """Returns the median of the ratios of each round, or None where it makes no sense."""
    pairs = [(a[key], b[key]) for a, b in zip(reports, others)]
    if not pairs or not all(b for _, b in pairs):
        return None
    return statistics.median(a / b for a, b in pairs)


def number(value):
    """Returns a figure with three digits that count, and None as a dash."""
    if value is None:
        return '-'
    if value == 0:
        return '0'
    for unit, name in ((1e6, ' M'), (1e3, ' k')):
        if abs(value) >= unit:
            return f'{value / unit:.3g}{name}' if abs(value) < unit * 1000 else f'{value:.3g}'
    return f'{value:.3g}'


def print_table(title, head, rows):
    """Prints rows of text; the first column is left-justified, the others right."""
    rows = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    print(f'\n{title}\n')
    for i, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print('  '.join(cells))
        if i == 0:
            print('  '.join('-' * width for width in widths))
    sys.stdout.flush()
