#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Who comes in the very moment in which an idle channelsd ends is served, by it or by the next.

    test-idle-race.py CHANNELSD CHANNELSCTL
"""

import concurrent.futures
import contextlib
import os
import random
import tempfile
import time
import unittest

import e2e
from busclient import BusClient
from channelsd import (BUS_NAME, Bus, CallError, make_environment, reserve_port, wait_until,
                       write_configuration)
from manager import Manager, sleep_until
from wsclient import Client

TIMEOUT = 1  # seconds of IdleTimeout=
CONFIGURATION = f'[Server]\nIdleTimeout={TIMEOUT}\n'

SESSIONS = 40  # at once
ROUNDS = 5  # of each
BEFORE, AFTER = 0.004, 0.012  # seconds around the moment in which it ends


def come_as_tab(manager):
    """A tab connects, speaks, and is answered; it goes at the end."""
    with Client(manager.port) as tab:
        tab.upgrade('/ws/chat/')
        tab.send_text('{"message": "am I heard?"}')
        assert tab.read_text() == '{"message": "am I heard?"}'
        tab.socket.shutdown(2)


def come_as_caller(manager):
    """A program calls, which may have the bus start the service, and is answered."""
    assert manager.caller.call('SendToGroup', '(ss)', 'room', 'x') == (0, 0)


def come_as_subscriber(manager):
    """A program subscribes, which may have the bus start the service, and hears what is sent."""
    manager.caller.call('Subscribe', '(s)', 'room')
    assert manager.caller.call('SendToGroup', '(ss)', 'room', 'x') == (1, 0)
    assert manager.caller.next_event() == ('room', {'type': 'chat_message', 'message': 'x'})
    manager.caller.call('Unsubscribe', '(s)', 'room')


def come_both_ways(manager):
    """A tab and a caller at once."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(come, manager) for come in (come_as_tab, come_as_caller)]:
            done.result()


def come_again(come):
    """Somebody comes again and again when the service is about to end."""
    come()
    for _ in range(ROUNDS):
        used = time.monotonic()
        sleep_until(used + TIMEOUT + random.uniform(-BEFORE, AFTER))
        come()


def run_session(come):
    """A session with a service manager. Returns how often another one was started for who came."""
    with Manager(e2e.CHANNELSD, configuration=CONFIGURATION) as manager:
        come_again(lambda: come(manager))
        return manager.starts - 1


def run_session_of_a_bus(_):
    """One in which the bus alone starts it, and each has the address of the one before.

    Returns as run_session () does.
    """
    processes = set()
    with tempfile.TemporaryDirectory(prefix='channels-idle-') as directory:
        env = make_environment(directory)
        write_configuration(env, f'{CONFIGURATION}Listen=127.0.0.1:{reserve_port()}\n')
        with open(os.path.join(directory, f'{BUS_NAME}.service'), 'w', encoding='utf-8') as file:
            file.write(f'[D-BUS Service]\nName={BUS_NAME}\nExec={e2e.CHANNELSD} --activated\n')

        with Bus([directory], environment=env) as bus, BusClient(bus.address, starts=True) as client:
            def come():
                assert client.call('SendToGroup', '(ss)', 'room', 'x') == (0, 0)
                # One that has answered may have gone by now.
                with contextlib.suppress(CallError):
                    processes.add(client.service_process())
            come_again(come)
            # The last one goes by itself, before its folder does.
            wait_until(lambda: not client.has_service(), 'the last one to go')
    return len(processes) - 1


class TestRace(unittest.TestCase):
    def race(self, come, run=run_session):
        with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
            replaced = sum(pool.map(run, [come] * SESSIONS))
        print(f'{SESSIONS * ROUNDS} times, {replaced} times the next one', flush=True)

    def test_tabs(self):
        self.race(come_as_tab)

    def test_callers(self):
        self.race(come_as_caller)

    def test_subscribers(self):
        self.race(come_as_subscriber)

    def test_callers_where_the_bus_starts_it(self):
        self.race(None, run_session_of_a_bus)

    def test_both(self):
        self.race(come_both_ways)


if __name__ == '__main__':
    e2e.main()
