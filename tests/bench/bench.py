#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The benchmarks: channelsd beside others, as ratios in one run.

    tests/bench/bench.py bus        2 min: calls on the bus, beside a service that only counts
    tests/bench/bench.py fairness   4 min: floods of one group, by a tab, by the bus and by Redis,
                                    and who wants little beside them
    tests/bench/bench.py memory     1 min: over many connections, and of a start, beside node ws
    tests/bench/bench.py redis      20 min: nodes of one layer on Redis, beside Django Channels
                                    and nchan
    tests/bench/bench.py servers    60 min: one node, beside the bare limit and other servers

The times are estimates, with all servers installed: most of the last two is Django's. NODE_PATH
leads to Node's modules. Other numbers of tabs, sizes and fewer servers:

    tests/bench/bench.py servers --sizes 64 --tabs 1,100,1000 --only nats,nchan    5 min
    tests/bench/bench.py redis --layers redis --tabs 1                             4 min

Build first, without sanitizers: meson setup build && meson compile -C build.

What is printed:

- Each thing is measured in rounds, A B … A B …, and each ratio is the median of those of the
  rounds: absolute figures move with the machine and the hour, and only ratios of one run say
  anything. Servers have one core and the load client another; leave the machine alone meanwhile.
- "channelsd x" is how many times as many deliveries a second channelsd makes, "CPU x" how many
  times as much CPU time a delivery costs the other. Where "client load" is near 1 the load client
  was the limit, and CPU time says more than deliveries do.
- A delivery is one event at one tab. Every delivery is checked: where channelsd loses, doubles or
  reorders one there is no figure, but an error, and exit status 1. Another server that does so
  again and again gets no row.
- The bare limit is an epoll loop that checks and bounds nothing. It is sent the same bytes as
  channelsd's chat, the JSON around each event too, so both write equal frames.
- Part bus: the bus and the caller have one core, the service the other. The tab that checks the
  events is in the caller, so channelsd's caller has more to do than the counting service's.
- Part fairness: "the probe itself" is how late the probe woke up. Where that is much, others had
  the machine, and the times beside it are theirs too. "max of all" is over all rounds.
- The window is how many events are under way at once. Some servers drop what they cannot queue,
  such as Django Channels what is beyond 100 in a channel: each of their figures is that of the
  fastest window in which nothing is lost.
- "us/delivery" is CPU time of the server, all its processes, for one delivery.
- A server that is not installed is left out; the last lines say how to install it.

--short takes seconds and checks deliveries, not speed: `meson test --benchmark` runs that.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in 'support', 'django':
    sys.path.insert(0, os.path.join(HERE, '..', folder))

import part_bus  # noqa: E402
import part_fairness  # noqa: E402
import part_memory  # noqa: E402
import part_redis  # noqa: E402
import part_servers  # noqa: E402
from measure import Bench, CheckError, say  # noqa: E402

PARTS = {'bus': part_bus, 'fairness': part_fairness, 'memory': part_memory, 'redis': part_redis,
         'servers': part_servers}

# The numbers of tabs and the sizes of each part where they are not told: all, and short.
TABS = {'fairness': ((1000,), (20,)), 'redis': ((1, 100, 1000), (20,)),
        'servers': ((1, 100, 1000, 10000), (20,))}
SIZES = {'servers': ((64, 1024), (64,))}

# Seconds of each measurement: all, and short. A flood has to last until tabs are dropped.
SECONDS = {'fairness': (5, 0.2)}


def numbers(text):
    """Parses numbers with commas between."""
    return [int(word) for word in text.split(',')]


def words(text):
    """Parses words with commas between."""
    return text.split(',')


def parse():
    """Returns what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('part', choices=PARTS)
    parser.add_argument('--build', default=os.path.join(HERE, '..', '..', 'build'))
    parser.add_argument('--short', action='store_true', help='a few seconds in all')
    parser.add_argument('--rounds', type=int, help='of each measurement; 5')
    parser.add_argument('--seconds', type=float, help='of each measurement; 2, of part fairness 5')
    parser.add_argument('--idle', type=float, help='seconds of watching an idle node; 10')
    parser.add_argument('--tabs', type=numbers, help='with commas between')
    parser.add_argument('--sizes', type=numbers, help='of events, bytes, with commas between')
    parser.add_argument('--layers', type=words, default=['redis', 'redis-pubsub'],
                        help='redis,redis-pubsub: for part redis')
    parser.add_argument('--only', type=words,
                        help='parts of the names of other servers: for part servers')
    parser.add_argument('--json', help='file for all that was measured')

    options = parser.parse_args()
    rounds, idle = (1, 0.5) if options.short else (5, 10)
    options.rounds = options.rounds or rounds
    options.seconds = options.seconds or SECONDS.get(options.part, (2, 0.2))[options.short]
    options.idle = options.idle or idle
    options.tabs = options.tabs or TABS.get(options.part, ((1,), (1,)))[options.short]
    options.sizes = options.sizes or SIZES.get(options.part, ((64,), (64,)))[options.short]
    return options


def main():
    """Runs one part."""
    options = parse()
    bench = Bench(options.build, options.rounds, options.seconds)
    try:
        results = PARTS[options.part].run(bench, options)
    except CheckError as error:
        say(f'Not every event reached each tab once and in order: {error}')
        sys.exit(1)
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump(results, file, indent=1)


if __name__ == '__main__':
    main()
