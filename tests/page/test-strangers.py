#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Pages of other origins, in a real browser with a real channelsd: who gets in, and who does not.

    test-strangers.py CHANNELSD
"""

import http.server
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))

from channelsd import Daemon, wait_until  # noqa: E402
from webdriver import Browser  # noqa: E402

# Opens a WebSocket, and tells its subprotocol and what it says back, or 'refused'.
CONNECT = '''
  const [url, protocols] = arguments;
  return new Promise(resolve => {
    const socket = new WebSocket(url, protocols);
    socket.onerror = () => resolve('refused');
    socket.onopen = () => socket.send('{"message": "from the page"}');
    socket.onmessage = ({ data }) => {
      socket.onclose = () => resolve([socket.protocol, data]);
      socket.close();
    };
  });'''

# Asks for a resource in a fetch's mode, and tells its status or the error's name.
FETCH = '''
  const [url, mode] = arguments;
  return fetch(url, { mode }).then(response => response.status, error => error.name);'''

# Imports a module, and tells what it exports or the error's name.
IMPORT = '''
  const [url] = arguments;
  return import(url).then(module => typeof module.connect, error => error.name);'''

FRAME = '''
  const frame = document.createElement('iframe');
  frame.src = arguments[0];
  return new Promise(resolve => {
    frame.onload = () => resolve(true);
    document.body.append(frame);
  });'''

IN = ['', '{"message": "from the page"}']


class Site(http.server.BaseHTTPRequestHandler):
    """A page with nothing on it."""

    def do_GET(self):
        body = b'<!DOCTYPE html><title>A page of somebody else</title><link rel=icon href=data:,>'
        self.send_response(200)
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        pass


def serve_site():
    """Returns the address of a site with a port of its own, and the server behind it."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f'http://127.0.0.1:{server.server_address[1]}', server


def stop_site(server):
    server.shutdown()
    server.server_close()


class StrangerCase(unittest.TestCase):
    """A daemon, a browser, and two sites that are neither's: `site` and `other`."""

    program = None

    @classmethod
    def setUpClass(cls):
        sites = []
        for _ in range(2):
            site, server = serve_site()
            cls.addClassCleanup(stop_site, server)
            sites.append(site)
        cls.site, cls.other = sites
        cls.daemon = cls.enterClassContext(Daemon(cls.program, '--verbose',
                                                  configuration=cls.configuration()))
        cls.browser = cls.enterClassContext(Browser(
            '--host-resolver-rules=MAP rebound.example 127.0.0.1', env=cls.daemon.env))

    @classmethod
    def configuration(cls):
        return ''

    def connect(self, page, url=None, protocols=()):
        """What becomes of a WebSocket that a page opens."""
        self.browser.open(page)
        result = self.browser.run(CONNECT, url or self.daemon.ws_url, list(protocols))
        self.browser.open('about:blank')
        wait_until(lambda: self.daemon.call('ListGroups') == ([],), 'the page to be gone')
        return result

    def mint(self, origin, groups="['chat_chat_room']"):
        return self.daemon.call('MintTicket', groups, origin, '0')


class TestOutOfTheBox(StrangerCase):
    def test_the_own_page_gets_in(self):
        self.assertEqual(self.connect(self.daemon.url), IN)

    def test_a_page_of_another_origin_does_not(self):
        for page in self.site, 'data:text/html,<title>null</title>':
            with self.subTest(page):
                self.assertEqual(self.connect(page), 'refused')

        self.assertIn(f'AllowedOrigins={self.site}', self.daemon.log())

    def test_a_ticket_lets_it_in_once(self):
        ticket, url = self.mint(self.site)

        self.assertEqual(self.connect(self.site, url), IN)
        self.assertEqual(self.connect(self.site, url), 'refused')
        self.assertNotIn(ticket, self.daemon.log())

    def test_a_ticket_may_be_a_subprotocol(self):
        ticket, _ = self.mint(self.site)
        protocols = 'channels.v1', f'channels.ticket.{ticket}'

        self.assertEqual(self.connect(self.site, protocols=protocols), ['channels.v1', IN[1]])
        self.assertEqual(self.connect(self.site, protocols=protocols), 'refused')
        self.assertNotIn(ticket, self.daemon.log())

    def test_a_ticket_is_for_its_own_origin_and_group(self):
        for page, group in (self.other, 'chat_chat_room'), (self.site, 'chat_other'):
            with self.subTest(page):
                ticket, _ = self.mint(self.site, f"['{group}']")
                url = f'{self.daemon.ws_url}?ticket={ticket}'

                self.assertEqual(self.connect(page, url), 'refused')
                self.assertEqual(self.connect(self.site, url), 'refused')

    def test_nothing_can_be_fetched_or_framed_from_elsewhere(self):
        self.browser.open(self.site)
        for path in '', 'health', 'channels.js':
            for mode in 'cors', 'no-cors':
                with self.subTest(path, mode=mode):
                    self.assertEqual(self.browser.run(FETCH, self.daemon.url + path, mode),
                                     'TypeError')
        self.assertEqual(self.browser.run(IMPORT, self.daemon.url + 'channels.js'), 'TypeError')

        self.browser.console()
        self.browser.run(FRAME, self.daemon.url)
        said = ' '.join(entry['message'] for entry in self.browser.console())
        self.assertIn('frame-ancestors', said)

    def test_a_name_that_was_made_to_mean_this_machine(self):
        page = f'http://rebound.example:{self.daemon.port}/'

        self.browser.open(page)

        self.assertIn('does not answer to the name',
                      self.browser.run('return document.body.textContent'))
        self.assertEqual(self.connect(page, f'ws://rebound.example:{self.daemon.port}/ws/chat/'),
                         'refused')
        self.assertIn(f'AllowedHosts=rebound.example:{self.daemon.port}', self.daemon.log())


class TestAllowed(StrangerCase):
    @classmethod
    def configuration(cls):
        return f'[Server]\nAllowedOrigins={cls.site}\n'

    def test_a_page_that_is_allowed_gets_in_and_has_the_module(self):
        self.assertEqual(self.connect(self.site), IN)
        self.browser.open(self.site)
        self.assertEqual(self.browser.run(IMPORT, self.daemon.url + 'channels.js'), 'function')
        self.assertEqual(self.browser.run(FETCH, self.daemon.url + 'health', 'cors'), 200)

    def test_another_does_not(self):
        self.assertEqual(self.connect(self.other), 'refused')
        self.browser.open(self.other)
        self.assertEqual(self.browser.run(IMPORT, self.daemon.url + 'channels.js'), 'TypeError')


if __name__ == '__main__':
    StrangerCase.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
