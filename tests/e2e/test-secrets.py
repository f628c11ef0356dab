#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the daemon keeps to itself: tickets and passwords, in its memory and in its journal.

    test-secrets.py CHANNELSD CHANNELSCTL
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

import e2e
from channelsd import end, read_line, wait_until
from wsclient import UPGRADE, make_head

NOBODY = 65534  # a user id that owns nothing
ORIGIN = ('Origin', 'https://app.example')


def is_in_memory(process, needle):
    """Whether bytes stand anywhere in what a process can write to."""
    with open(f'/proc/{process.pid}/maps', encoding='ascii') as maps, \
            open(f'/proc/{process.pid}/mem', 'rb') as memory:
        for start, last in re.findall(r'^([0-9a-f]+)-([0-9a-f]+) rw', maps.read(), re.MULTILINE):
            size = int(last, 16) - int(start, 16)
            if size > 1 << 28:
                continue  # a sanitizer's own, which holds no data
            try:
                memory.seek(int(start, 16))
                if needle in memory.read(size):
                    return True
            except (OSError, OverflowError):
                continue  # not there, though mapped
    return False


class TestTickets(e2e.DaemonCase):
    arguments = ('--verbose',)

    def ask(self, *pieces):
        """Sends a request in pieces, which is refused."""
        with self.raw() as client:
            for piece in pieces:
                client.send(piece)
            self.assertEqual(client.read_response().status, 403)
            client.wait_for_end()

    def test_what_a_browser_shows_is_forgotten(self):
        ticket = os.urandom(11).hex()
        head = make_head(self.daemon.port, f'/ws/chat/?ticket={ticket}', ORIGIN, *UPGRADE)
        protocols = ('Sec-WebSocket-Protocol', f'channels.v1, channels.ticket.{ticket}')
        blanks = (protocols[0], ' ' * 60 + protocols[1].replace(' ', ' ' * 60) + ' ' * 60)

        self.ask(head)
        self.ask(head[:-2], head[-2:])
        self.ask(make_head(self.daemon.port, '/ws/chat/', ORIGIN, protocols, *UPGRADE))
        self.ask(make_head(self.daemon.port, '/ws/chat/', ORIGIN, blanks, *UPGRADE))

        # The browser has its answer before the daemon is done with the request.
        wait_until(lambda: not is_in_memory(self.daemon.process, ticket.encode()),
                   'the ticket to be forgotten')
        self.assertTrue(is_in_memory(self.daemon.process, b'channelsd'))

    def test_the_journal_has_none(self):
        tickets = []
        for _ in range(3):
            ticket, url = self.bus.call('MintTicket', '(assu)', ['chat_chat_room'], ORIGIN[1], 0)
            path = url[url.index('/ws/'):]
            with self.raw() as client:
                client.upgrade(path, ORIGIN)
            self.ask(make_head(self.daemon.port, path, ORIGIN, *UPGRADE))
            tickets.append(ticket)

        log = self.daemon.log()
        self.assertIn('refused a connection', log)
        for ticket in tickets:
            self.assertNotIn(ticket, log)


class TestDescriptors(e2e.DaemonCase):
    def test_there_may_be_as_many_as_possible(self):
        limits = resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE)
        self.assertEqual(limits[0], limits[1])


class TestOthers(unittest.TestCase):
    """Whom the files of a process in /proc belong to says whether its memory may be read: to root
    where it may not, see proc(5). For root that is all the same, so there it runs as nobody."""

    def start(self, configuration):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(folder, 0o755)
        program = shutil.copy(e2e.CHANNELSD, folder)
        self.path = path = os.path.join(folder, 'channels.conf')
        self.write(configuration)
        user = NOBODY if os.getuid() == 0 else None
        process = subprocess.Popen([program, '--no-bus', '--config', path,
                                    '--listen', '127.0.0.1:0'],
                                   user=user, bufsize=0, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)
        self.assertIn('Listening', read_line(process.stdout))
        return process

    def write(self, configuration):
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write(configuration)

    def is_hidden(self, process):
        return os.stat(f'/proc/{process.pid}/environ').st_uid == 0

    def test_a_password_hides_the_memory(self):
        for line in 'Hosts=redis://:open-sesame@127.0.0.1:1/0', 'SymmetricEncryptionKeys=sesame':
            with self.subTest(line):
                process = self.start(f'[Layer]\nBackend=redis-pubsub\n{line}\n')
                self.assertTrue(self.is_hidden(process))

    def test_where_there_is_none_it_may_be_debugged(self):
        self.assertFalse(self.is_hidden(self.start('')))

    def test_a_password_that_comes_later_hides_it_too(self):
        process = self.start('')

        self.write('[Layer]\nBackend=redis-pubsub\nHosts=redis://:open-sesame@127.0.0.1:1/0\n')
        process.send_signal(signal.SIGHUP)
        # It is hidden while the file is read, too: what counts is that it stays so.
        wait_until(lambda: self.is_hidden(process), 'it to be hidden')
        self.write('')
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: not self.is_hidden(process), 'it to be seen again')


if __name__ == '__main__':
    e2e.main()
