#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Programs on the bus that mean harm, or know no better: they cost nobody else anything.

    test-hostile-bus.py CHANNELSD CHANNELSCTL
"""

import contextlib
import os
import socket
import threading

from gi.repository import Gio, GLib

import e2e
from busclient import BusClient
from channelsd import BUS_NAME, INTERFACE, OBJECT_PATH, PATIENCE, CallError, wait_until
from rawbus import RawBus

KIBIBYTE = 1 << 10
MEBIBYTE = 1 << 20

# A sanitizer keeps what was freed: here only a little of it, since memory is measured.
os.environ['ASAN_OPTIONS'] = ':'.join(filter(None, [
    os.environ.get('ASAN_OPTIONS'), 'quarantine_size_mb=1', 'thread_local_quarantine_size_kb=64']))


class HostileBusCase(e2e.DaemonCase):
    def tearDown(self):
        self.assert_serving()
        super().tearDown()

    def memory(self):
        """Returns the resident size of the daemon, in bytes."""
        with open(f'/proc/{self.daemon.process.pid}/status', encoding='ascii') as file:
            (line,) = (line for line in file if line.startswith('VmRSS:'))
        return int(line.split()[1]) * KIBIBYTE

    def raw_bus(self):
        return self.enterContext(RawBus(self.daemon.bus_address))


class TestSizes(HostileBusCase):
    def test_huge_messages_are_refused_and_forgotten(self):
        before = self.memory()

        for _ in range(3):
            with self.assertRaisesRegex(CallError, 'MessageTooBig'):
                self.bus.call('SendToGroup', '(ss)', 'chat_huge', 'x' * (20 * MEBIBYTE))

        wait_until(lambda: self.memory() - before < 32 * MEBIBYTE, 'the memory to be given back')

    def test_many_small_values_are_refused(self):
        event = {'type': GLib.Variant('s', 'x'),
                 'list': GLib.Variant('as', ['x' * 8] * (MEBIBYTE // 8))}
        with self.assertRaisesRegex(CallError, 'MessageTooBig'):
            self.bus.call('SendEventToGroup', '(sa{sv})', 'chat_huge', event)

    def test_a_bus_client_has_a_bounded_number_of_groups(self):
        client = self.bus_client(*(f'chat_{i}' for i in range(64)))
        with self.assertRaisesRegex(CallError, 'NotAllowed'):
            client.call('Subscribe', '(s)', 'chat_64')


class TestCalls(HostileBusCase):
    def test_file_descriptors_are_refused(self):
        """One that waits with its call would be one that no browser can have."""
        connection = Gio.DBusConnection.new_for_address_sync(
            self.daemon.bus_address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.addCleanup(connection.close_sync, None)
        descriptors = Gio.UnixFDList.new()
        with open(os.devnull, encoding='ascii') as file:
            descriptors.append(file.fileno())

        with self.assertRaisesRegex(GLib.Error, 'InvalidArgs.*no method takes file descriptors'):
            connection.call_with_unix_fd_list_sync(
                BUS_NAME, OBJECT_PATH, INTERFACE, 'SendToGroup',
                GLib.Variant('(ss)', ('chat_chat_room', 'x')), None, Gio.DBusCallFlags.NONE,
                PATIENCE * 1000, descriptors, None)

    def test_what_is_no_call_of_ours_is_an_error(self):
        for method, signature, *arguments in [('Nothing', '()'), ('SendToGroup', '(s)', 'chat'),
                                              ('SendToGroup', '(si)', 'chat', 1),
                                              ('Subscribe', '(as)', ['chat']),
                                              ('Disconnect', '(s)', 'x'), ('ListGroups', '(s)', '')]:
            with self.subTest(method, signature=signature), self.assertRaises(CallError):
                self.bus.call(method, signature, *arguments)

    def test_what_is_no_name_is_refused(self):
        for name in '', 'x' * 100, 'a b', 'a\n', 'ä', 'a/b', 'a!b', '../etc', '%n%s':
            for method, signature, *rest in [('SendToGroup', '(ss)', 'x'), ('Subscribe', '(s)'),
                                             ('Unsubscribe', '(s)'), ('ListMembers', '(s)'),
                                             ('MintTicket', '(assu)', 'https://app.example', 1)]:
                group = [name] if method == 'MintTicket' else name
                with self.subTest(method, name=name), \
                        self.assertRaisesRegex(CallError, 'InvalidName'):
                    self.bus.call(method, signature, group, *rest)
        self.assertEqual(self.bus.call('ListGroups'), ([],))


class TestFloods(HostileBusCase):
    def flood(self, bus, data, over):
        with contextlib.suppress(OSError):
            while not over.is_set():
                bus.socket.sendall(data)

    def assert_served_during(self, *floods):
        """Others are served while bytes are sent over connections as fast as they are taken."""
        over = threading.Event()
        senders = [threading.Thread(target=self.flood, args=(bus, data, over))
                   for bus, data in floods]
        for sender in senders:
            sender.start()
        try:
            for _ in range(20):
                self.assert_serving()
        finally:
            over.set()
            for bus, _ in floods:
                bus.socket.shutdown(socket.SHUT_RDWR)
            for sender in senders:
                sender.join(PATIENCE)

    def test_calls_whose_answers_are_not_read(self):
        before = self.memory()
        event = GLib.Variant('(ss)', ('chat_flood', 'x' * KIBIBYTE))
        bus = self.raw_bus()

        self.assert_served_during(
            (bus, b''.join(bus.make('SendToGroup', event) for _ in range(100))))

        self.assertLess(self.memory() - before, 64 * MEBIBYTE)

    def test_several_at_once_that_join_and_send(self):
        before = self.memory()
        floods = []
        for i in range(3):
            bus = self.raw_bus()
            group = f'chat_flood{i}'
            bus.send('Subscribe', GLib.Variant('(s)', (group,)))
            call = bus.make('SendToGroup', GLib.Variant('(ss)', (group, 'x' * 100)))
            floods.append((bus, call * 100))

        self.assert_served_during(*floods)

        self.assertLess(self.memory() - before, 64 * MEBIBYTE)
        wait_until(lambda: self.bus.call('ListGroups') == ([],), 'the flood to be gone')


class TestNamesThatVanish(HostileBusCase):
    def test_in_the_middle_of_a_call(self):
        for i in range(200):
            with RawBus(self.daemon.bus_address) as bus:
                bus.send('Subscribe', GLib.Variant('(s)', ('chat_gone',)))
                if i % 2:
                    bus.send('SendToGroup', GLib.Variant('(ss)', ('chat_gone', 'x')))
                    bus.send('Unsubscribe', GLib.Variant('(s)', ('chat_gone',)))

        wait_until(lambda: self.bus.call('ListGroups') == ([],), 'all of them to have left')

    def test_while_they_are_sent_to(self):
        tab = self.tab('gone')
        for i in range(50):
            client = BusClient(self.daemon.bus_address)
            client.call('Subscribe', '(s)', 'chat_gone')
            client.close()
            self.bus.call('SendToGroup', '(ss)', 'chat_gone', str(i))

        for i in range(50):
            self.assertEqual(tab.read_text(), f'{{"message": "{i}"}}')
        wait_until(lambda: self.bus.call('ListGroups') == ([('chat_gone', 1)],), 'them to leave')


if __name__ == '__main__':
    e2e.main()
