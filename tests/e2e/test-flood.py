#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Floods, with everything at once that may disturb them: nothing is lost, doubled or out of order.

    test-flood.py CHANNELSD CHANNELSCTL
"""

import concurrent.futures
import contextlib
import json
import os
import random
import socket
import struct
import threading
import time
import unittest

import e2e
from channelsd import PATIENCE, wait_until
from e2e import DaemonMixin
from wsclient import CLOSE, TEXT, make_frame

COUNT = 6000  # messages of each flood
LAST = COUNT - 1
CHUNK = 25  # of them are sent at once
AFTER = 1  # seconds without a message after which there will be none
SLOW_CONSUMER = 4008
SEED = int(os.environ.get('FLOOD_SEED', time.time_ns()))


class TestFlood(DaemonMixin, unittest.TestCase):
    configuration = '[Limits]\nMessageRate=0\nBacklog=65536\n'

    def setUp(self):
        super().setUp()
        self.pool = self.enterContext(concurrent.futures.ThreadPoolExecutor(64))
        self.addCleanup(print, f'FLOOD_SEED={SEED}')
        self.random = random.Random(SEED)

    def flood(self, room):
        """Sends all messages to a room, whose flood is numbered by its name's first letter."""
        with contextlib.closing(self.tab(room)) as tab:
            drain = self.pool.submit(self.hear, tab)
            for first in range(0, COUNT, CHUNK):
                tab.send(b''.join(
                    make_frame(TEXT, json.dumps({'message': [room, i, 'x' * (i % 97)]}).encode())
                    for i in range(first, first + CHUNK)))
            return drain.result(PATIENCE)

    def hear(self, tab, pause=0, until=LAST):
        """Returns all that a tab hears up to a number, as (room, number), and a close code or 0."""
        heard = []
        while not heard or heard[-1][1] != until:
            if pause and self.random.random() < 0.02:
                time.sleep(self.random.random() * pause)
            opcode, payload = tab.read_frame()
            if opcode == CLOSE:
                return heard, struct.unpack('>H', payload[:2])[0]
            room, number, _ = json.loads(payload)['message']
            heard.append((room, number))
        return heard, 0

    def assert_run(self, heard, room):
        """What was heard is of one room, without holes, in order."""
        first = heard[0][1] if heard else 0
        self.assertEqual(heard, [(room, number) for number in range(first, first + len(heard))])

    def hear_some(self, tab, count):
        """Returns so many that a tab hears, or less at the end of the flood."""
        heard = []
        tab.socket.settimeout(AFTER)
        with contextlib.suppress(TimeoutError):
            while len(heard) < count:
                opcode, payload = tab.read_frame()
                if opcode != TEXT:
                    break
                heard.append(tuple(json.loads(payload)['message'][:2]))
        return heard

    def disturb(self, room, over):
        """Tabs join and leave, in every way there is, until the flood is over."""
        runs = []
        while not over.is_set():
            tab = self.tab(room)
            runs.append(self.hear_some(tab, self.random.randrange(1, 50)))
            how = self.random.randrange(3)
            if how == 0:
                tab.send_frame(CLOSE, struct.pack('>H', 1000))
            elif how == 1:
                tab.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            tab.close()
        return runs

    def listen_on_bus(self, rooms):
        """Returns what a program in both groups gets."""
        program = self.bus_client(*(f'chat_{room}' for room in rooms))
        self.subscribed.set()
        last = {(f'chat_{room}', LAST) for room in rooms}
        heard = []
        while not last <= set(heard):
            group, event = program.next_event()
            heard.append((group, event['message'][1]))
        return heard

    def test_everything_at_once(self):
        rooms = ['red', 'blue']
        self.subscribed = threading.Event()
        over = threading.Event()
        program = self.pool.submit(self.listen_on_bus, rooms)
        self.assertTrue(self.subscribed.wait(PATIENCE))

        good = {room: [self.tab(room) for _ in range(5)] for room in rooms}
        slow = {room: [self.tab(room, receive_buffer=4096) for _ in range(5)] for room in rooms}
        never = {room: self.tab(room, receive_buffer=4096) for room in rooms}
        heard = [(room, self.pool.submit(self.hear, tab))
                 for room in rooms for tab in good[room]]
        heard_slowly = [(room, self.pool.submit(self.hear, tab, 0.05))
                        for room in rooms for tab in slow[room]]
        disturbed = [(room, self.pool.submit(self.disturb, room, over)) for room in rooms]
        floods = [(room, self.pool.submit(self.flood, room)) for room in rooms]

        for room, future in floods + heard:
            self.assertEqual(future.result(PATIENCE * 2),
                             ([(room, number) for number in range(COUNT)], 0))
        over.set()
        for room, future in disturbed:
            for run in future.result(PATIENCE):
                self.assert_run(run, room)
        for room, future in heard_slowly:
            run, code = future.result(PATIENCE)
            self.assert_run(run, room)
            self.assertTrue((code, len(run)) == (0, COUNT) or code == SLOW_CONSUMER)
        on_bus = program.result(PATIENCE)
        for room in rooms:
            self.assertEqual([number for group, number in on_bus if group == f'chat_{room}'],
                             list(range(COUNT)))

        # Those that never read are gone, and have cost nobody anything.
        for room in rooms:
            never[room].close()
            for tab in good[room] + slow[room]:
                tab.close()
        wait_until(lambda: self.bus.get('Connections') == 0, 'all tabs to be gone')
        self.assert_serving()


if __name__ == '__main__':
    e2e.main()
