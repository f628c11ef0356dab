#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""All hostile behaviour at once, for minutes, and what it costs a good tab.

    tests/soak/soak.py CHANNELSD CHANNELSCTL [MINUTES]

Two daemons run: one that is attacked and one that is idle. A tab in each sends a message now and
then and waits for it; both share the machine, so what the attack costs is the ratio of the two. The
daemons and their good tabs have one core, whoever attacks has the other, the bus too: what is
measured is what an attack makes the daemon do, and not that somebody uses the processor.
Prints a line every ten seconds; exits with 0 where memory and descriptors were flat, the good tab
had every answer, and the median of its times was within twice that of the idle one's. The 99th
percentile is shown beside it: on a machine that others use it is mostly theirs.
"""

import contextlib
import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import time

MINUTES = float(sys.argv.pop(3)) if len(sys.argv) > 3 else 10

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
from gi.repository import GLib  # noqa: E402

import e2e  # noqa: E402
from channelsd import Bus, Daemon, wait_until  # noqa: E402
from busclient import BusClient  # noqa: E402
from rawbus import RawBus  # noqa: E402
from wsclient import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, UPGRADE, Client,  # noqa: E402
                      make_frame, make_head)

KIBIBYTE = 1 << 10
MEBIBYTE = 1 << 20
BREATH = 0.05  # s between two rounds of a behaviour: this machine is to be shared
CORES = sorted(os.sched_getaffinity(0))
CONNECTIONS = 400  # the limit of the daemon that is attacked

CONFIGURATION = f'''
[Limits]
Connections={CONNECTIONS}
PingInterval=2
PongTimeout=2
'''


def leave(client, rng):
    """Ends a connection in one of the ways there are."""
    way = rng.randrange(3)
    with contextlib.suppress(OSError):
        if way == 0:
            client.end()
        elif way == 1:
            client.send_frame(CLOSE, b'\x03\xe8')
    client.close()


def slow_heads(port, _bus, _rng):
    clients = [Client(port) for _ in range(100)]
    for _ in range(40):
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(b'G')
        time.sleep(0.1)
    for client in clients:
        client.close()


def silent_connections(port, _bus, _rng):
    clients = [Client(port) for _ in range(600)]
    time.sleep(1)
    for client in clients:
        client.close()


def bad_heads(port, _bus, rng):
    length, chunked = ('Content-Length', '7'), ('Transfer-Encoding', 'chunked')
    host = f'127.0.0.1:{port}'
    head = rng.choice([
        make_head(port, '/', *((f'X-{i}', 'x') for i in range(200))),
        make_head(port, '/' + 'a' * 3 * KIBIBYTE), b'X' * 20 * KIBIBYTE,
        make_head(port, '/', length, chunked), make_head(port, '/', length, length),
        make_head(port, '/', ('X', '\x0b')), make_head(port, '/', ('Host', host)),
        b'GET / HTTP/1.1\nHost: ' + host.encode() + b'\n\n', b'\x16\x03\x01\r\n\r\n',
        make_head(port, '/', ('Range', 'bytes=' + '0-,' * 200 + '0-')),
        make_head(port, '/', ('Content-Length', '60000')) + b'x' * 1000,
        make_head(port, '/', host='example.org'), make_head(port, '/nothing')])
    with Client(port) as client, contextlib.suppress(OSError):
        client.send(head)
        client.socket.settimeout(0.2)
        client.socket.recv(4096)


def strangers(port, bus, rng):
    origin = ('Origin', f'https://{rng.randrange(50)}.example')
    ticket, _ = bus.call('MintTicket', '(assu)', ['chat_soak'], origin[1], 1)
    path = '/ws/chat/soak/?ticket=' + rng.choice([ticket, ticket[::-1]])
    with Client(port) as client, contextlib.suppress(OSError, EOFError):
        client.request(path, origin, *UPGRADE)


def bad_frames(port, _bus, rng):
    text = make_frame(TEXT, b'x', fin=False)
    frames = rng.choice([
        make_frame(TEXT, b'{}', masked=False), make_frame(rng.choice([3, 7, 11, 15])),
        make_frame(TEXT, b'{}', reserved=rng.randrange(1, 8)), make_frame(PING, b'x' * 126),
        make_frame(PONG, fin=False), make_frame(CONTINUATION, b'x'), text + text,
        make_frame(TEXT, b'x', length=(1 << 63) - 1, form=8), make_frame(TEXT, b'\xff'),
        make_frame(CLOSE, b'\x03'), make_frame(CLOSE, b'\x03\xed'), make_frame(BINARY, b'x'),
        text + make_frame(CONTINUATION, b'x' * 64 * KIBIBYTE, fin=False) * 17, text[:1], text])
    with Client(port) as client, contextlib.suppress(OSError, EOFError, ConnectionError):
        client.upgrade('/ws/chat/frames/')
        client.send(frames)
        client.socket.settimeout(0.2)
        client.socket.recv(4096)
        leave(client, rng)


def bad_json(port, _bus, rng):
    with Client(port) as client, contextlib.suppress(OSError, EOFError, ConnectionError):
        client.upgrade('/ws/chat/json/')
        for _ in range(150):
            client.send_frame(TEXT, rng.choice([
                b'[' * 100000, b'{"a":' * 20000, b'{}', b'1', b'{"message": 1e999}',
                b'{"message": "\\u0000"}', b'{"message": "\\ud800"}', b'{"message": 1}' * 2]))
        client.wait_for_end()


def pings_without_reading(port, _bus, _rng):
    with Client(port, receive_buffer=4 * KIBIBYTE) as client:
        client.upgrade('/ws/chat/pings/')
        client.socket.settimeout(1)
        pings = make_frame(PING, b'x' * 125) * 100
        with contextlib.suppress(OSError):
            while True:
                client.send(pings)


def messages_past_the_rate(port, _bus, _rng):
    with Client(port) as client:
        client.upgrade('/ws/chat/rate/')
        message = make_frame(TEXT, b'{"message": "x"}') * 10
        with contextlib.suppress(OSError):
            for _ in range(100):
                client.send(message)
            client.wait_for_end()


def tab_that_never_reads(port, bus, _rng):
    with Client(port, receive_buffer=4 * KIBIBYTE) as client:
        client.upgrade('/ws/chat/slow/')
        for _ in range(60):
            bus.call('SendToGroup', '(ss)', 'chat_slow', 'x' * 64 * KIBIBYTE)


def connections_past_the_limit(port, _bus, _rng):
    clients = []
    with contextlib.suppress(ConnectionError):
        for _ in range(CONNECTIONS):
            client = Client(port)
            clients.append(client)
            client.upgrade('/ws/chat/crowd/')
    time.sleep(0.2)
    for client in clients:
        client.close()


def churn(port, _bus, rng):
    for _ in range(50):
        with Client(port) as client:
            client.send(make_head(port, '/ws/chat/churn/', *UPGRADE))
            if rng.randrange(2):
                leave(client, rng)


def program_that_never_reads(_port, bus, _rng):
    with RawBus(os.environ['SOAK_BUS']) as raw:
        raw.send('Subscribe', GLib.Variant('(s)', ('chat_stopped',)))
        for _ in range(100):
            bus.call('SendToGroup', '(ss)', 'chat_stopped', 'x' * 128 * KIBIBYTE)


def calls_without_reading(_port, _bus, _rng):
    with RawBus(os.environ['SOAK_BUS']) as raw:
        call = raw.make('SendToGroup', GLib.Variant('(ss)', ('chat_calls', 'x' * 100)))
        for _ in range(10):
            raw.socket.sendall(call * 100)


def huge_calls(_port, bus, _rng):
    with contextlib.suppress(Exception):
        bus.call('SendToGroup', '(ss)', 'chat_huge', 'x' * 20 * MEBIBYTE)
    time.sleep(1)


ATTACKS = (slow_heads, silent_connections, bad_heads, strangers, bad_frames, bad_json,
           pings_without_reading, messages_past_the_rate, tab_that_never_reads,
           connections_past_the_limit, churn, program_that_never_reads, calls_without_reading,
           huge_calls)


def attack(behaviour, port, address, over, rounds):
    """Does one thing over and over, with a breath in between: this machine is small."""
    os.environ['SOAK_BUS'] = address
    os.nice(5)
    os.sched_setaffinity(0, {CORES[-1]})
    rng = random.Random(behaviour.__name__)
    with BusClient(address) as bus:
        while not over.is_set():
            with contextlib.suppress(OSError, EOFError):
                behaviour(port, bus, rng)
            rounds.value += 1
            time.sleep(BREATH)


class Good:
    """A tab that behaves, and how long its messages take."""

    def __init__(self, daemon):
        self.client = Client(daemon.port)
        self.client.upgrade('/ws/chat/good/')
        self.times = []

    def ask(self):
        started = time.perf_counter()
        self.client.send_text('{"message": "good"}')
        while True:
            opcode, payload = self.client.read_frame()
            if opcode == PING:
                self.client.send_frame(PONG, payload)
            elif opcode == TEXT:
                break
        self.times.append(time.perf_counter() - started)
        assert payload == b'{"message": "good"}'

    def percentiles(self):
        """The median and the 99th percentile, in µs."""
        marks = statistics.quantiles(self.times, n=100)
        return round(marks[49] * 1e6), round(marks[98] * 1e6)


def look(daemon):
    """The resident size, in KiB, and the descriptors of a daemon."""
    with open(f'/proc/{daemon.process.pid}/status', encoding='ascii') as file:
        (line,) = (line for line in file if line.startswith('VmRSS:'))
    return int(line.split()[1]), len(os.listdir(f'/proc/{daemon.process.pid}/fd'))


def processor_time(daemon):
    """The seconds that a daemon has run, by what the kernel counts."""
    with open(f'/proc/{daemon.process.pid}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def soak(attacked, idle):
    """Attacks, and returns memory and descriptors over time and the two good tabs."""
    over = multiprocessing.Event()
    rounds = [multiprocessing.Value('L') for _ in ATTACKS]
    attackers = [multiprocessing.Process(target=attack, args=(
        behaviour, attacked.port, attacked.bus_address, over, count))
        for behaviour, count in zip(ATTACKS, rounds)]
    tabs = Good(attacked), Good(idle)
    for attacker in attackers:
        attacker.start()

    samples = []
    end = time.monotonic() + MINUTES * 60
    told = 0
    while time.monotonic() < end:
        # In turn first: who is asked after a pause finds the machine cold.
        for tab in tabs if len(samples) % 2 else tabs[::-1]:
            tab.ask()
        samples.append(look(attacked))
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f'{end - told:4.0f} s left: {samples[-1][0]} KiB, {samples[-1][1]} descriptors, '
                  f'{tabs[0].percentiles() if len(tabs[0].times) > 1 else ""} µs, '
                  f'idle {tabs[1].percentiles() if len(tabs[1].times) > 1 else ""} µs', flush=True)
        time.sleep(0.05)

    over.set()
    for attacker in attackers:
        attacker.join(60)
        assert attacker.exitcode == 0, attacker
    print(json.dumps({behaviour.__name__: count.value
                      for behaviour, count in zip(ATTACKS, rounds)}))
    return samples, tabs


def main():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    os.sched_setaffinity(0, {CORES[0]})
    with Bus() as bus, Daemon(e2e.CHANNELSD, bus=bus, configuration=CONFIGURATION) as attacked, \
            Daemon(e2e.CHANNELSD) as idle:
        os.sched_setaffinity(bus.process.pid, {CORES[-1]})
        memory, descriptors = look(attacked)
        samples, (good, other) = soak(attacked, idle)
        good.client.close()
        with BusClient(attacked.bus_address) as bus:
            wait_until(lambda: bus.call('ListGroups') == ([],), 'everybody to be gone')
        wait_until(lambda: look(attacked)[1] <= descriptors, f'{descriptors} descriptors')

        sizes = [size for size, _ in samples]
        third = len(sizes) // 3
        middle, last = (statistics.median(part) for part in (sizes[third:2 * third],
                                                              sizes[2 * third:]))
        (median, tail), (idle_median, idle_tail) = good.percentiles(), other.percentiles()
        print(f'memory: {memory} KiB at the start, {middle:.0f} in the middle third, {last:.0f} in '
              f'the last, {max(sizes)} at most, {look(attacked)[0]} at the end')
        print(f'descriptors: {descriptors} at the start, {max(fds for _, fds in samples)} at most, '
              f'{look(attacked)[1]} at the end')
        print(f'processor: {processor_time(attacked) / MINUTES / 60:.0%} of one, load of the machine '
              f'{os.getloadavg()[0]}')
        print(f'latency over {len(good.times)} messages: median {median} µs, idle {idle_median}; '
              f'99 % {tail} µs, idle {idle_tail}')
        return last <= middle * 1.05 + KIBIBYTE and median <= 2 * idle_median


if __name__ == '__main__':
    sys.exit(0 if main() else 1)
