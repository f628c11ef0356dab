#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The page and the client library, in a real browser with a real channelsd.

    test-page.py CHANNELSD
"""

import os
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))

from channelsd import Daemon, wait_until  # noqa: E402
from webdriver import ENTER, TAB, Browser  # noqa: E402

# What Chromium itself says of a connection that could not be made, or broke.
LOST_CONNECTION = re.compile(r'WebSocket connection to .* failed')

# A page's requests are the browser's own where they have one of these schemes.
BROWSERS_OWN = re.compile(r'^(chrome|chrome-untrusted|devtools|data|blob|about):')


class PageCase(unittest.TestCase):
    """A daemon and a browser for all tests of a class, a fresh tab for each."""

    program = None
    browser_arguments = ['--lang=en-US', '--accept-lang=en-US']

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(cls.program))
        cls.browser = cls.enterClassContext(Browser(*cls.browser_arguments,
                                                     env=cls.daemon.env))
        cls.own_tab = cls.browser.tabs()[0]

    def setUp(self):
        self.allowed_on_console = None
        self.browser.console()
        self.browser.requested_urls()

    def tearDown(self):
        for tab in self.browser.tabs():
            if tab != self.own_tab:
                self.browser.switch_to(tab)
                self.browser.close_tab()
        self.browser.switch_to(self.own_tab)

        # No error, no violation of the policy, nothing from elsewhere: in no test.
        allowed = self.allowed_on_console
        errors = [entry['message'] for entry in self.browser.console()
                  if entry['level'] == 'SEVERE'
                  and not (allowed and allowed.search(entry['message']))]
        self.assertEqual(errors, [])
        ours = re.compile(rf'^(http|ws)://127\.0\.0\.1:{self.daemon.port}/')
        strangers = [url for url in self.browser.requested_urls()
                     if not BROWSERS_OWN.match(url) and not ours.match(url)]
        self.assertEqual(strangers, [])

    def open_tab(self, room=''):
        """Opens the page in a new tab, waits for its connection, returns its handle."""
        tab = self.browser.new_tab()
        self.browser.open(self.daemon.url + (f'#{room}' if room else ''))
        self.wait_for_state('open')
        return tab

    def state(self):
        return self.browser.run('return document.getElementById("state").dataset.state')

    def wait_for_state(self, state):
        wait_until(lambda: self.state() == state, f'the state {state}')

    def messages(self):
        return self.browser.run('return [...document.querySelectorAll("#messages li > span")]'
                                '.map(span => span.textContent)')

    def wait_for_messages(self, tab, expected):
        self.browser.switch_to(tab)
        wait_until(lambda: len(self.messages()) >= len(expected), f'messages {expected}')
        self.assertEqual(self.messages(), expected)

    def say(self, text):
        self.browser.find('#message').type(text + ENTER)


class TestConversation(PageCase):
    def test_a_message_from_the_desktop_reaches_every_tab(self):
        tabs = [self.open_tab(), self.open_tab()]

        receivers, remotes = self.daemon.call('SendToGroup', 'chat_chat_room', 'hello')

        self.assertEqual((receivers, remotes), (2, 0))
        for tab in tabs:
            self.wait_for_messages(tab, ['hello'])

    def test_what_a_tab_says_reaches_every_tab(self):
        tabs = [self.open_tab(), self.open_tab()]

        self.browser.switch_to(tabs[0])
        self.say('hello from a tab')

        for tab in tabs:
            self.wait_for_messages(tab, ['hello from a tab'])

    def test_rooms_are_apart(self):
        lobby = self.open_tab('lobby')
        default = self.open_tab()

        self.daemon.call('SendToGroup', 'chat_lobby', 'in the lobby')
        self.daemon.call('SendToGroup', 'chat_chat_room', 'in the room')

        self.wait_for_messages(lobby, ['in the lobby'])
        self.wait_for_messages(default, ['in the room'])

    def test_joining_another_room_leaves_the_first(self):
        tab = self.open_tab('first')
        room = self.browser.find('#room')

        room.clear()
        room.type('second' + ENTER)
        wait_until(lambda: self.browser.run('return location.hash') == '#second', 'the address')
        self.wait_for_state('open')
        wait_until(lambda: self.daemon.call('SendToGroup', 'chat_first', 'nobody')[0] == 0,
                   'the first room to be empty')
        self.daemon.call('SendToGroup', 'chat_second', 'here')

        self.wait_for_messages(tab, ['here'])
        self.assertEqual(self.browser.find('.group').property('textContent'), 'chat_second')

    def test_a_name_that_no_room_can_have_is_refused_in_words(self):
        self.open_tab()

        self.browser.run('location.hash = "no room"')
        self.wait_for_state('closed')

        self.assertEqual(self.browser.find('[role=alert]').text, 'No room can have this name.')

    def test_markup_is_shown_as_text(self):
        tab = self.open_tab()
        markup = '<img src=x onerror="document.title=1"><b>bold</b>&amp;'

        self.daemon.call('SendToGroup', 'chat_chat_room', markup)

        self.wait_for_messages(tab, [markup])
        self.assertEqual(self.browser.find_all('#messages img, #messages b'), [])

    def test_a_message_that_is_no_string_is_shown_as_json(self):
        tab = self.open_tab()

        self.browser.run('return import("/channels.js").then(({ connect }) => '
                         '{ connect().send({ list: [1, 2.5, null] }); })')

        self.wait_for_messages(tab, ['{"list":[1,2.5,null]}'])

    def test_only_the_last_500_messages_are_kept(self):
        tab = self.open_tab('busy')

        self.daemon.call('SendMany', str([('chat_busy', str(n)) for n in range(501)]))
        wait_until(lambda: self.messages()[-1:] == ['500'], 'the last message')

        self.wait_for_messages(tab, [str(n) for n in range(1, 501)])

    def test_a_refused_message_is_told(self):
        self.open_tab()

        # More in one go than the burst that the service takes from one browser.
        self.browser.run('''
          const input = document.getElementById('message');
          for (let i = 0; i < 250; i++) {
            input.value = String(i);
            input.form.requestSubmit();
          }''')
        alert = self.browser.find('[role=alert]')

        wait_until(lambda: alert.text == 'Not sent: too many messages at once.', 'the alert')


class TestReconnect(PageCase):
    def setUp(self):
        super().setUp()
        self.allowed_on_console = LOST_CONNECTION

    def wait_in_all(self, tabs, state):
        for tab in tabs:
            self.browser.switch_to(tab)
            self.wait_for_state(state)

    def test_tabs_come_back_after_a_crash(self):
        tabs = [self.open_tab(), self.open_tab()]

        self.daemon.stop(signal.SIGKILL)
        self.wait_in_all(tabs, 'waiting')
        self.assertEqual(self.browser.find('[role=status]').text,
                         'Connection lost, trying again…')
        self.daemon.start_again()
        self.wait_in_all(tabs, 'open')
        self.daemon.call('SendToGroup', 'chat_chat_room', 'back')

        for tab in tabs:
            self.wait_for_messages(tab, ['back'])

    def test_tabs_come_back_after_an_orderly_restart(self):
        tab = self.open_tab()

        self.assertEqual(self.daemon.stop(), 0)
        self.wait_in_all([tab], 'waiting')
        self.daemon.start_again()
        self.wait_in_all([tab], 'open')
        self.say('here again')

        self.wait_for_messages(tab, ['here again'])

    def test_what_is_said_meanwhile_is_sent_once_and_in_order(self):
        tab = self.open_tab()

        self.daemon.stop()
        self.wait_in_all([tab], 'waiting')
        self.say('first')
        self.say('second')
        told = self.browser.find('[role=alert]').text
        self.daemon.start_again()
        self.wait_in_all([tab], 'open')
        self.say('third')

        self.assertEqual(told, 'Will be sent when the connection is back.')
        self.wait_for_messages(tab, ['first', 'second', 'third'])

    def test_the_network_coming_back_is_a_reason_to_try_at_once(self):
        tab = self.open_tab()

        # A wait of days, which ends only when it is cut short.
        self.browser.run('Math.random = () => 1e6')
        self.daemon.stop()
        self.wait_in_all([tab], 'waiting')
        self.daemon.start_again()
        self.assertEqual(self.state(), 'waiting')
        self.browser.run('dispatchEvent(new Event("online"))')

        self.wait_in_all([tab], 'open')


class TestLibrary(PageCase):
    def run_module(self, body):
        """Runs statements that see connect and the module's other exports, and returns."""
        return self.browser.run(f'return import("/channels.js").then(async channels => '
                                f'{{ const {{ connect }} = channels; {body} }});')

    def test_a_channel_tells_its_states_in_order(self):
        self.open_tab()

        states = self.run_module('''
          const channel = connect('states');
          const states = [channel.state];
          await new Promise(resolve => {
            channel.onstatechange = ({ detail }) => {
              states.push(detail.state);
              if (detail.state === 'open')
                channel.close();
              else
                resolve();
            };
          });
          return states;''')

        self.assertEqual(states, ['connecting', 'open', 'closed'])

    def test_handlers_and_listeners_both_hear(self):
        self.open_tab()

        heard = self.run_module('''
          const channel = connect('both');
          const a = new Promise(resolve => { channel.onmessage = e => resolve(e.data); });
          const b = new Promise(resolve =>
            channel.addEventListener('message', e => resolve(e.data)));
          channel.send('hello');
          const heard = await Promise.all([a, b]);
          channel.close();
          return heard;''')

        self.assertEqual(heard, ['hello', 'hello'])

    def test_a_hundred_messages_wait_and_not_one_more(self):
        self.open_tab()

        sent, queued = self.run_module('''
          const channel = connect('queue');
          const sent = Array.from({ length: 101 }, (_, i) => channel.send(i));
          const queued = channel.queued;
          channel.close();
          return [sent, queued];''')

        self.assertEqual(sent, 100 * [True] + [False])
        self.assertEqual(queued, 100)

    def test_a_mebibyte_waits_and_not_one_unit_more(self):
        self.open_tab()

        # {"message":""} around a text is 14 units.
        sent = self.run_module('''
          const channel = connect('size');
          const half = channels.QUEUE_SIZE / 2;
          const sent = [half - 14, half - 13, half - 14, 0].map(n => channel.send('x'.repeat(n)));
          channel.close();
          return sent;''')

        self.assertEqual(sent, [True, False, True, False])

    def test_a_closed_channel_takes_nothing(self):
        self.open_tab()

        self.assertIs(self.run_module('''
          const channel = connect();
          channel.close();
          channel.close();
          return channel.send('late');'''), False)

    def test_what_is_no_json_value_is_refused(self):
        self.open_tab()

        refused = self.run_module('''
          const channel = connect();
          const refused = [undefined, () => 1, 1n].map(value => {
            try {
              channel.send(value);
              return '';
            } catch (error) {
              return error.name;
            }
          });
          channel.close();
          return refused;''')

        self.assertEqual(refused, 3 * ['TypeError'])

    def test_names_and_addresses_become_urls(self):
        self.open_tab()

        urls = self.run_module('''
          return [undefined, 'lobby', '/ws/chat/lobby/', { room: 'lobby' },
                  new URL('/ws/chat/', location)].map(target => {
            const channel = connect(target);
            channel.close();
            return channel.url;
          });''')

        self.assertEqual(urls, [self.daemon.ws_url, self.daemon.ws_url + 'lobby/',
                                self.daemon.ws_url + 'lobby/', self.daemon.ws_url + 'lobby/',
                                self.daemon.ws_url])

    def test_names_of_65_letters_with_blanks_or_of_dots_are_refused(self):
        self.open_tab()

        self.assertEqual(self.run_module('''
          return ['x'.repeat(64), 'a.b', 'x'.repeat(65), 'a b', '', '.', '..', 'é']
            .map(channels.isRoom);'''), [True, True] + 6 * [False])

    def test_a_refusal_is_an_error_event_and_the_channel_stays(self):
        self.open_tab()

        code, state = self.run_module('''
          const channel = connect('deep');
          let deep = 0;
          for (let i = 0; i < 40; i++)
            deep = [deep];
          channel.send(deep);
          const code = await new Promise(resolve => {
            channel.onerror = ({ detail }) => resolve(detail.code);
          });
          const state = channel.state;
          channel.close();
          return [code, state];''')

        self.assertEqual((code, state), ('too-deep', 'open'))

    def test_a_ticket_function_is_asked_before_each_try(self):
        self.open_tab()

        asked, code = self.run_module('''
          let asked = 0;
          const channel = connect('ticket', {
            ticket: () => {
              asked++;
              throw new Error('none left');
            },
          });
          const code = await new Promise(resolve => {
            channel.onerror = ({ detail }) => asked > 1 && resolve(detail.code);
          });
          channel.close();
          return [asked, code];''')

        self.assertEqual((asked, code), (2, 'no-ticket'))


class TestAccessibility(PageCase):
    def test_every_control_has_a_name(self):
        self.open_tab()
        self.browser.find('summary').click()

        controls = self.browser.find_all('input, button, summary, pre, [role=log]')

        self.assertEqual(len(controls), 12)
        for control in controls:
            self.assertNotEqual(control.label, '', control.property('outerHTML'))

    def test_messages_are_a_log_and_the_state_is_a_status(self):
        self.open_tab()

        log = self.browser.find('#log')
        status = self.browser.find('#state')

        self.assertEqual((log.role, log.label), ('log', 'Messages'))
        self.assertEqual(log.property('ariaLive'), 'polite')
        self.assertEqual((status.role, status.text), ('status', 'Connected'))
        self.assertEqual(self.browser.find('#problem').role, 'alert')

    def test_the_keyboard_goes_through_in_reading_order(self):
        self.open_tab()
        seen = []

        self.browser.run('document.getElementById("room").focus()')
        for _ in range(6):
            focused = self.browser.focused()
            seen.append(focused.label)
            self.assertNotEqual(focused.style('outline-style'), 'none', seen)
            self.browser.press(TAB)

        self.assertEqual(seen, ['Room', 'Join', 'Messages', 'Message', 'Send',
                                'Send and listen from a terminal'])

    def test_the_focus_is_where_one_writes(self):
        self.open_tab()

        self.assertEqual(self.browser.focused().label, 'Message')
        self.say('hello')
        self.browser.find('#compose button').click()
        self.assertEqual(self.browser.focused().label, 'Message')
        self.browser.find('#join button').click()
        self.assertEqual(self.browser.focused().label, 'Message')

    def test_text_stands_out_in_light_and_dark(self):
        self.open_tab()
        self.daemon.call('SendToGroup', 'chat_chat_room', 'hello')
        wait_until(self.messages, 'a message')
        self.browser.find('summary').click()

        grounds = set()
        for scheme in 'light', 'dark':
            self.browser.emulate_media(prefers_color_scheme=scheme, prefers_reduced_motion='reduce')
            grounds.add(self.browser.find('body').style('background-color'))
            for selector in ('h1', '#state', 'label', 'input', '#join button', '#compose button',
                             '#messages time', '#messages span', 'summary', 'dt', 'code'):
                with self.subTest(scheme=scheme, selector=selector):
                    self.assertGreaterEqual(self.contrast(selector), 4.5)
        self.assertEqual(len(grounds), 2)

    def contrast(self, selector):
        """The contrast of an element's text with what it stands on (WCAG 2.1, 1.4.3)."""
        text, ground = self.browser.run('''
          const element = document.querySelector(arguments[0]);
          let below = element;
          while (getComputedStyle(below).backgroundColor === 'rgba(0, 0, 0, 0)')
            below = below.parentElement;
          return [getComputedStyle(element).color, getComputedStyle(below).backgroundColor];
          ''', selector)
        darker, lighter = sorted((luminance(text), luminance(ground)))
        return (lighter + 0.05) / (darker + 0.05)

    def test_a_window_of_320_pixels_needs_no_sideways_scrolling(self):
        self.open_tab()
        self.browser.find('summary').click()
        self.daemon.call('SendToGroup', 'chat_chat_room', 'x' * 500)
        wait_until(self.messages, 'a message')

        self.browser.resize(320, 640)

        self.assertTrue(self.browser.run('return document.documentElement.scrollWidth <= '
                                         'document.documentElement.clientWidth'))

    def test_the_newest_message_stays_in_sight_in_a_smaller_window(self):
        self.open_tab()
        self.browser.resize(1000, 700)
        for n in range(40):
            self.daemon.call('SendToGroup', 'chat_chat_room', f'{n} ' + 'word ' * 40)
        wait_until(lambda: len(self.messages()) == 40, 'the messages')

        for width, height in (320, 480), (1000, 700), (1000, 400):
            self.browser.resize(width, height)
            self.wait_until_at_end(f'{width} x {height}')
        self.browser.find('summary').click()
        self.daemon.call('SendToGroup', 'chat_chat_room', 'the newest')
        wait_until(lambda: self.messages()[-1] == 'the newest', 'the newest message')
        self.wait_until_at_end('beside the open help')

    def test_who_scrolls_back_stays_there(self):
        self.open_tab()
        for n in range(40):
            self.daemon.call('SendToGroup', 'chat_chat_room', str(n))
        wait_until(lambda: len(self.messages()) == 40, 'the messages')

        self.browser.run('''
          const log = document.getElementById('log');
          log.scrollTop = 50;
          return new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
          ''')
        self.daemon.call('SendToGroup', 'chat_chat_room', 'the newest')
        wait_until(lambda: self.messages()[-1] == 'the newest', 'the newest message')

        self.assertEqual(self.browser.run('return document.getElementById("log").scrollTop'), 50)

    def wait_until_at_end(self, where):
        wait_until(lambda: self.browser.run('''
          const log = document.getElementById('log');
          return log.scrollHeight - log.scrollTop - log.clientHeight < 8;
          '''), f'the newest message to be in sight, {where}')

    def test_the_help_s_commands_work_as_they_are_shown(self):
        tab = self.open_tab('help')
        self.browser.find('summary').click()
        command = self.browser.find('pre code').text

        subprocess.run(['sh', '-c', command], env=self.daemon.env, check=True,
                       stdout=subprocess.DEVNULL)

        self.wait_for_messages(tab, ['hello from the desktop'])


def luminance(colour):
    """The relative luminance of 'rgb(r, g, b)', as WCAG 2.1 defines it."""
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(part) / 255 for part in re.findall(r'\d+', colour)[:3]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TranslationMixin:
    """The page in one language.

    language: its BCP 47 tag
    words: what #state, the button that sends and #log are called
    """

    def test_the_page_speaks_the_readers_language(self):
        self.open_tab()

        self.assertEqual(self.browser.run('return document.documentElement.lang'), self.language)
        self.assertEqual((self.browser.find('#state').text,
                          self.browser.find('#compose button').text,
                          self.browser.find('#log').label), self.words)

    def test_nothing_stays_english(self):
        """What is shown is the catalogue's, word for word."""
        self.open_tab()

        left = self.browser.run(f'''
          return import('/translations.js').then(({{ default: catalogues }}) => {{
            const ours = new Set(Object.values(catalogues['{self.language}']));
            return [...document.querySelectorAll('[data-i18n]')]
              .map(element => element.textContent)
              .filter(text => !ours.has(text));
          }});''')

        self.assertEqual(left, [])


class TestTraditionalChinese(TranslationMixin, PageCase):
    browser_arguments = ['--lang=zh-TW', '--accept-lang=zh-TW']
    language = 'zh-TW'
    words = ('已連線', '傳送', '訊息列表')


class TestSimplifiedChinese(TranslationMixin, PageCase):
    browser_arguments = ['--lang=zh-CN', '--accept-lang=zh-CN']
    language = 'zh-CN'
    words = ('已连接', '发送', '消息列表')


class TestGerman(TranslationMixin, PageCase):
    browser_arguments = ['--lang=de', '--accept-lang=de-AT']
    language = 'de'
    words = ('Verbunden', 'Senden', 'Nachrichten')


if __name__ == '__main__':
    PageCase.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
