#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""An event for a group in which nobody is here becomes a notification of the desktop.

    test-notifications.py CHANNELSD CHANNELSCTL
"""

import os
import subprocess
import sys
import time
import unittest
from tempfile import TemporaryDirectory

import e2e
from channelsd import PATIENCE, Bus, Daemon, wait_until
from desktop import NotificationServer, Portal, ServiceManager
from redisserver import Redis
from wsclient import Client

from gi.repository import GLib

GROUP = 'chat_chat_room'
ROUTE = '[Route chat]\nPath=/ws/chat/\nGroup=chat_chat_room\nConsumer=chat\nNotifications={}\n'

GROUPS_MAX = 32  # CHANNELS_DESKTOP_GROUPS_MAX
IDLE_TIMEOUT = 1  # seconds of IdleTimeout=


class NotificationCase(unittest.TestCase):
    def start(self, *arguments, **options):
        self.daemon = self.enterContext(Daemon(e2e.CHANNELSD, *arguments, **options))
        self.bus = self.enterContext(e2e.BusClient(self.daemon.bus_address))
        return self.daemon

    def serve(self, **options):
        return self.enterContext(NotificationServer(self.daemon.bus_address, **options))

    def send(self, notification, group=GROUP, bus=None):
        """Sends an event, and returns the counts."""
        event = {'type': GLib.Variant('s', 'chat.message'), 'message': GLib.Variant('s', 'hello')}
        if notification is not None:
            event['notification'] = notification
        return (bus or self.bus).call('SendEventToGroup', '(sa{sv})', group, event)

    def notify(self, title, body='', group=GROUP, bus=None):
        return self.send(GLib.Variant('a{ss}', {'title': title, 'body': body}), group, bus)

    def assert_not_shown(self, server, title, group='chat_marker'):
        """What comes later is shown, and what came before is not."""
        self.notify('marker', group=group)
        server.close_notification(server.wait_for('marker'))
        self.assertIsNone(server.find(title))


class TestShown(NotificationCase):
    def test_it_is_shown_without_a_configuration(self):
        self.start()
        server = self.serve()
        self.assertEqual(self.notify('Build', 'It is done.'), (0, 0))
        shown = server.wait_for('Build')

        self.assertEqual(shown['application'], 'Channels')
        self.assertEqual(shown['icon'], 'org.example.Channels')
        self.assertEqual(shown['body'], 'It is done.')
        self.assertEqual(shown['actions'], ['default', ''])
        self.assertEqual(shown['hints']['desktop-entry'], 'org.example.Channels')
        self.assertEqual(shown['timeout'], -1)
        self.assertEqual(self.bus.call('ListGroups'), ([],))

    def test_it_is_shown_for_what_a_script_sends(self):
        self.start()
        server = self.serve()
        event = '{"type": "chat.message", "notification": {"title": "Script", "body": "a\\u0007b"}}'
        subprocess.run([e2e.CHANNELSCTL, 'send', '--json', 'chat_other', event],
                       env=self.daemon.env, check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(server.wait_for('Script')['body'], 'ab')

    def test_the_next_takes_its_place(self):
        self.start()
        server = self.serve()
        self.notify('one')
        first = server.wait_for('one')
        self.notify('two', group='chat_other')
        server.wait_for('two')
        self.notify('three')
        self.assertEqual(server.wait_for('three')['id'], first['id'])
        self.assertEqual(len(server.shown), 2)

        server.close_notification(server.find('three'))
        self.notify('four')
        server.wait_for('four')
        self.assertEqual(server.calls[-1][1][1], 0)

    def test_text_is_text(self):
        self.start()
        with NotificationServer(self.daemon.bus_address) as server:
            self.notify('<b>1</b>', '<a href="x">&amp;</a>')
            self.assertEqual(server.wait_for('<b>1</b>')['body'],
                             '&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;')
        with NotificationServer(self.daemon.bus_address, capabilities=['body']) as server:
            self.notify('<b>2</b>', '<a>')
            shown = server.wait_for('<b>2</b>')
            self.assertEqual(shown['body'], '<a>')
            self.assertEqual(shown['actions'], [])

    def test_it_is_cut(self):
        self.start()
        server = self.serve()
        self.notify('é' * 500000, 'x')
        self.assertEqual(server.wait_for('é' * 127 + '…')['body'], 'x')


class TestNotShown(NotificationCase):
    def test_while_somebody_is_there(self):
        self.start()
        server = self.serve()
        with Client(self.daemon.port) as tab:
            tab.upgrade('/ws/chat/')
            self.assertEqual(self.notify('tab'), (1, 0))
        with e2e.BusClient(self.daemon.bus_address) as subscriber:
            subscriber.call('Subscribe', '(s)', 'chat_other')
            self.assertEqual(self.notify('subscriber', group='chat_other'), (1, 0))
        wait_until(lambda: self.bus.call('ListGroups') == ([],), 'both to be gone')
        self.notify('nobody')
        server.wait_for('nobody')
        self.assertEqual([told['title'] for told in server.shown.values()], ['nobody'])

    def test_without_a_good_notification(self):
        self.start()
        server = self.serve()
        for notification in (None, GLib.Variant('s', 'x'), GLib.Variant('a{sv}', {}),
                             GLib.Variant('a{sv}', {'title': GLib.Variant('i', 1)}),
                             GLib.Variant('a{ss}', {'title': '\n'}), GLib.Variant('as', [])):
            self.assertEqual(self.send(notification), (0, 0))
        self.notify('good')
        server.wait_for('good')
        self.assertEqual(server.count('Notify'), 1)

    def test_a_tab_cannot(self):
        self.start()
        server = self.serve()
        text = '{"message": {"notification": {"title": "t"}}, "notification": {"title": "t"}}'
        with Client(self.daemon.port) as tab:
            tab.upgrade('/ws/chat/')
            tab.send_text(text)
            self.assertEqual(tab.read_text(), '{"message": {"notification": {"title": "t"}}}')
        wait_until(lambda: self.bus.call('ListGroups') == ([],), 'the tab to be gone')
        self.assert_not_shown(server, 't')

    def test_where_no_route_leads(self):
        self.start()
        server = self.serve()
        self.assertEqual(self.notify('nowhere', group='elsewhere'), (0, 0))
        self.assert_not_shown(server, 'nowhere')

    def test_where_the_route_says_so(self):
        self.start(configuration=ROUTE.format('false') +
                   '[Route on]\nPath=/on/\nGroup=on\nConsumer=chat\n')
        server = self.serve()
        self.notify('off')
        self.assert_not_shown(server, 'off', 'on')

    def test_the_switch_is_taken_over(self):
        other = '[Route on]\nPath=/on/\nGroup=on\nConsumer=chat\n'
        self.start(configuration=ROUTE.format('true') + other)
        server = self.serve()
        path = os.path.join(self.daemon.env['XDG_CONFIG_HOME'], 'channels', 'channels.conf')
        for value in 'false', 'true':
            with open(path + '.new', 'w', encoding='utf-8') as file:
                file.write(ROUTE.format(value) + other)
            os.rename(path + '.new', path)
            self.daemon.call('Reload')
            self.notify(value)
            if value == 'true':
                server.wait_for('true')
            else:
                self.assert_not_shown(server, 'false', 'on')

    def test_without_a_bus(self):
        with Daemon(e2e.CHANNELSD, '--no-bus', configuration=ROUTE.format('all')) as daemon, \
                Client(daemon.port) as tab:
            tab.upgrade('/ws/chat/')


class TestServer(NotificationCase):
    """Who shows them is not there, is slow, or comes and goes."""

    def test_none_is_no_mistake(self):
        self.start('--verbose')
        for number in range(100):
            self.assertEqual(self.notify(str(number)), (0, 0))
        wait_until(lambda: 'nobody shows notifications' in self.daemon.log(), 'the log')
        self.assertEqual(self.daemon.log().count('nobody shows notifications'), 1)

        server = self.serve()
        # Its coming is told to the service before its own answer is.
        wait_until(lambda: self.notify('late') and server.find('late'), 'the one that has come')

    def test_it_is_started(self):
        self.start(bus=self.make_bus_that_starts_one())
        self.notify('start')
        wait_until(lambda: os.path.exists(self.started), 'it to be started')
        with open(self.started, encoding='utf-8') as file:
            self.assertEqual(file.read(), 'org.freedesktop.Notifications')

    def make_bus_that_starts_one(self):
        directory = self.enterContext(TemporaryDirectory())
        self.started = os.path.join(directory, 'started')
        program = os.path.join(directory, 'server')
        with open(program, 'w', encoding='utf-8') as file:
            file.write(f'#!/bin/sh\nprintf %s "$1" >{self.started}.new\n'
                       f'mv {self.started}.new {self.started}\n')
        os.chmod(program, 0o700)
        name = 'org.freedesktop.Notifications'
        with open(os.path.join(directory, name + '.service'), 'w', encoding='utf-8') as file:
            file.write(f'[D-BUS Service]\nName={name}\nExec={program} {name}\n')
        return self.enterContext(Bus([directory]))

    def test_it_is_gone_and_comes_again(self):
        self.start()
        with NotificationServer(self.daemon.bus_address) as server:
            self.notify('one')
            shown = server.wait_for('one')
        with NotificationServer(self.daemon.bus_address, capabilities=['body']) as server:
            wait_until(lambda: self.notify('two', '<b>') and server.find('two'), 'the second')
            self.assertEqual(server.find('two')['body'], '<b>')
            # What the first called it means nothing to the second.
            self.assertEqual([call for call in server.calls if call[0] == 'Notify'][0][1][1], 0)
            self.assertEqual(shown['title'], 'one')

    def test_it_never_answers(self):
        self.start()
        server = self.serve(answers=False)
        for number in range(GROUPS_MAX + 8):
            for text in 'first', 'second':
                self.assertEqual(self.notify(text, group=f'chat_{number}'), (0, 0))
        wait_until(lambda: server.count('Notify') >= 8, 'the first')
        with Client(self.daemon.port) as tab:
            tab.upgrade('/ws/chat/')
            self.assertEqual(self.notify('here'), (1, 0))
        groups = [call[1][3] for call in server.calls if call[0] == 'Notify']
        self.assertLessEqual(len(groups), GROUPS_MAX)

    def test_a_flood_is_a_trickle(self):
        self.start()
        server = self.serve()
        started = time.monotonic()
        for number in range(300):
            self.notify(str(number))
        server.wait_for('299')
        # One at once, and one for each second that it took.
        self.assertLessEqual(server.count('Notify'), 2 + time.monotonic() - started)

    def test_the_oldest_is_closed(self):
        self.start()
        server = self.serve()
        for number in range(GROUPS_MAX + 1):
            self.notify(str(number), group=f'chat_{number}')
            server.wait_for(str(number))
        wait_until(lambda: server.count('CloseNotification') == 1, 'one to be closed')
        self.assertIsNone(server.find('0'))
        self.assertEqual(len(server.shown), GROUPS_MAX)

    def test_signals_of_others_mean_nothing(self):
        self.start()
        server = self.serve()
        portal = self.enterContext(Portal(self.daemon.bus_address))
        self.notify('mine', group='chat_mine')
        shown = server.wait_for('mine')
        with NotificationServer(self.daemon.bus_address) as impostor:
            impostor.emit('ActionInvoked', '(us)', shown['id'], 'default')
        server.emit('ActionInvoked', '(us)', shown['id'], 'another')
        server.emit('ActionInvoked', '(us)', 1234, 'default')
        server.emit('ActionInvoked', '(s)', 'default')
        server.emit('NotificationClosed', '(s)', 'x')
        self.notify('other', group='chat_other')
        server.click(server.wait_for('other'))
        wait_until(lambda: portal.opened, 'the page')
        self.assertEqual([url for url, _ in portal.opened], [self.daemon.url + '#other'])


class TestClick(NotificationCase):
    def write(self, path, text, mode=0o600):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def install_browser(self):
        """Has the desktop open pages in a program that writes down what it is given."""
        home = self.daemon.env['HOME']
        opened = os.path.join(home, 'opened')
        browser = self.write(os.path.join(home, 'browser'),
                             f'#!/bin/sh\nprintf "%s %s\\n" "$1" "$XDG_ACTIVATION_TOKEN" >{opened}.new\n'
                             f'mv {opened}.new {opened}\n', 0o700)
        self.write(os.path.join(self.daemon.env['XDG_DATA_HOME'], 'applications/browser.desktop'),
                   f'[Desktop Entry]\nType=Application\nName=Browser\nExec={browser} %u\n'
                   'MimeType=x-scheme-handler/http;\n')
        self.write(os.path.join(self.daemon.env['XDG_CONFIG_HOME'], 'mimeapps.list'),
                   '[Default Applications]\nx-scheme-handler/http=browser.desktop\n')
        return opened

    def show(self, group):
        self.notify('title', group=group)
        return self.server.wait_for('title')

    # Without the programs of this machine.
    environment = {'XDG_DATA_DIRS': '/nonexistent'}

    def start_all(self, **options):
        self.start(environment=self.environment, **options)
        self.server = self.serve()

    def test_it_opens_the_page_of_the_group(self):
        self.start_all()
        opened = self.install_browser()
        self.server.click(self.show('chat_my.room-1'), 'a-token')
        wait_until(lambda: os.path.exists(opened), 'the browser')
        with open(opened, encoding='utf-8') as file:
            self.assertEqual(file.read(), f'{self.daemon.url}#my.room-1 a-token\n')

    def test_it_opens_the_page_by_the_portal(self):
        self.start_all()
        portal = self.enterContext(Portal(self.daemon.bus_address))
        self.server.click(self.show(GROUP), 'a-token')
        wait_until(lambda: portal.opened, 'the page')
        self.server.click(self.show('chat_other'))
        wait_until(lambda: len(portal.opened) == 2, 'the other page')
        self.assertEqual(portal.opened, [
            (self.daemon.url + '#chat_room', {'activation_token': 'a-token'}),
            (self.daemon.url + '#other', {})])

    def test_it_opens_the_page_beside_a_unit(self):
        wrapper = f'import os, sys\nos.environ["SYSTEMD_EXEC_PID"] = str(os.getpid())\n' \
                  f'os.execv({e2e.CHANNELSD!r}, [{e2e.CHANNELSD!r}] + sys.argv[1:])\n'
        directory = self.enterContext(TemporaryDirectory())
        program = self.write(os.path.join(directory, 'unit'), f'#!{sys.executable}\n{wrapper}', 0o700)
        self.daemon = self.enterContext(Daemon(program, environment=self.environment))
        self.bus = self.enterContext(e2e.BusClient(self.daemon.bus_address))
        self.server = self.serve()
        manager = self.enterContext(ServiceManager(self.daemon.bus_address))
        opened = self.install_browser()
        self.server.click(self.show('chat_other'), 'a-token')
        wait_until(lambda: manager.units, 'the unit')

        name, properties = manager.units[0]
        (path, arguments, may_fail), = properties['ExecStart']
        self.assertRegex(name, r'^channels-open-[0-9a-f-]{36}\.service$')
        self.assertEqual(os.path.basename(path), 'channelsctl')
        self.assertEqual(arguments, [path, 'open', 'chat_other'])
        self.assertFalse(may_fail)
        self.assertEqual(properties['KillMode'], 'process')
        self.assertEqual(properties['Environment'], ['XDG_ACTIVATION_TOKEN=a-token'])
        self.assertFalse(os.path.exists(opened))
        # And so it opens the page.
        subprocess.run([e2e.CHANNELSCTL, *arguments[1:]], env=self.daemon.env, check=True)
        wait_until(lambda: os.path.exists(opened), 'the browser')
        with open(opened, encoding='utf-8') as file:
            self.assertEqual(file.read().split()[0], self.daemon.url + '#other')

    def test_no_page_no_click(self):
        self.start_all(configuration='[Route a]\nPath=/a/{room}/\nGroup=chat_{room}\nConsumer=chat\n'
                       '[Route b]\nPath=/b/\nGroup=b\nConsumer=chat\n')
        self.assertEqual(self.show('chat_a')['actions'], [])
        self.notify('b', group='b')
        self.assertEqual(self.server.wait_for('b')['actions'], [])

    def test_no_browser_is_told(self):
        self.start_all()
        self.server.click(self.show('chat_other'))
        wait_until(lambda: 'could not be opened' in self.daemon.log(), 'the log')


class TestIdle(NotificationCase):
    def test_a_notification_keeps_it(self):
        self.start(configuration=f'[Server]\nIdleTimeout={IDLE_TIMEOUT}\n')
        server = self.serve()
        portal = self.enterContext(Portal(self.daemon.bus_address))
        self.notify('wait', group='chat_other')
        shown = server.wait_for('wait')
        with self.assertRaises(subprocess.TimeoutExpired):
            self.daemon.process.wait(2.5 * IDLE_TIMEOUT)

        server.click(shown)
        wait_until(lambda: portal.opened, 'the page')
        self.assertEqual(self.daemon.process.wait(PATIENCE), 0, self.daemon.log())

    def test_one_that_is_lost_does_not(self):
        self.start(configuration=f'[Server]\nIdleTimeout={IDLE_TIMEOUT}\n')
        with NotificationServer(self.daemon.bus_address) as server:
            self.notify('lost')
            server.wait_for('lost')
        self.assertEqual(self.daemon.process.wait(PATIENCE), 0, self.daemon.log())

    def test_it_ends_while_nobody_answers(self):
        self.start()
        server = self.serve(answers=False)
        for number in range(GROUPS_MAX):
            self.notify('x', group=f'chat_{number}')
        wait_until(lambda: server.count('Notify') > 0, 'the first')
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())


class TestOtherNodes(NotificationCase):
    """The desktop is one node, and another one sends."""

    def start_both(self, backend, notifications):
        redis = self.enterContext(Redis())
        layer = f'[Layer]\nBackend={backend}\nHosts={redis.url}\n'
        self.start(configuration=layer + ROUTE.format(notifications) +
                   '[Route room]\nPath=/ws/chat/{room}/\nGroup=chat_{room}\nConsumer=chat\n')
        other = self.enterContext(Daemon(e2e.CHANNELSD, configuration=layer))
        bus = self.enterContext(e2e.BusClient(other.bus_address))
        for node in self.bus, bus:
            wait_until(lambda node=node: node.get('LayerState') == 'up', 'Redis')
        return self.serve(), bus

    def check_all(self, backend):
        server, other = self.start_both(backend, 'all')
        wait_until(lambda: self.notify('far', 'away', bus=other) == (0, 1), 'the node in the group')
        self.assertEqual(server.wait_for('far')['body'], 'away')
        # Its own are shown once, and it is no other node to itself.
        self.assertEqual(self.notify('near'), (0, 0))
        server.wait_for('near')
        self.assertEqual([told['title'] for told in server.shown.values()], ['near'])

        # Who comes and goes leaves the node in it.
        with Client(self.daemon.port) as tab:
            tab.upgrade('/ws/chat/')
            self.assertEqual(self.notify('here', bus=other), (0, 1))
            self.assertIn('hello', tab.read_text())
        wait_until(lambda: self.bus.call('ListGroups') == ([],), 'the tab to be gone')
        self.assertEqual(self.notify('again', bus=other), (0, 1))
        server.wait_for('again')

        path = os.path.join(self.daemon.env['XDG_CONFIG_HOME'], 'channels', 'channels.conf')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        with open(path + '.new', 'w', encoding='utf-8') as file:
            file.write(text.replace('Notifications=all', 'Notifications=true'))
        os.rename(path + '.new', path)
        self.daemon.call('Reload')
        wait_until(lambda: self.notify('left', bus=other) == (0, 0), 'the node to leave')
        self.assert_not_shown(server, 'left')

    def test_core_layer(self):
        self.check_all('redis')

    def test_pubsub_layer(self):
        self.check_all('redis-pubsub')

    def test_they_need_to_be_allowed(self):
        server, other = self.start_both('redis-pubsub', 'true')
        with Client(self.daemon.port) as tab:
            tab.upgrade('/ws/chat/')
            wait_until(lambda: self.notify('here', bus=other) == (0, 1), 'the node in the group')
        self.assertEqual(self.notify('far', bus=other)[0], 0)
        self.assert_not_shown(server, 'far')


if __name__ == '__main__':
    e2e.main()
