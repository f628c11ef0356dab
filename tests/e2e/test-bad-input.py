#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Bad input, from browsers and from the bus: what it gets, and that nobody else notices.

    test-bad-input.py CHANNELSD CHANNELSCTL
"""

import json

import e2e
from channelsd import CallError
from gi.repository import GLib
from wsclient import BINARY, CONTINUATION, TEXT, UPGRADE

MEBIBYTE = 1 << 20
REFUSALS = 100  # in a row, after which a browser is sent away
BURST = 200     # messages that a browser may send at once


class BadInputCase(e2e.DaemonCase):
    def tearDown(self):
        self.assert_serving()
        super().tearDown()

    def assert_answered(self, text, code):
        """The service answers a text with an error, and the tab stays."""
        tab = self.tab('bad')
        tab.send_text(text)
        self.assert_error(tab.read_text(), code)
        tab.send_text('{"message": "still here"}')
        self.assertEqual(tab.read_text(), '{"message": "still here"}')
        tab.close()

    def assert_closed(self, tab, code):
        self.assertEqual(tab.read_close(), code)
        tab.wait_for_end()

    def assert_refused(self, error, method, signature, *arguments):
        with self.assertRaises(CallError) as caught:
            self.bus.call(method, signature, *arguments)
        self.assertEqual(caught.exception.name, f'org.example.Channels.Error.{error}')


class TestJson(BadInputCase):
    def test_what_is_no_json(self):
        for text in ('', ' ', 'hello', '{', '{"message"}', "{'message': 1}", '{"message": 1,}',
                     '{"message": 1} x', '{"message": 010}', '{"message": .5}', '{"message": NaN}',
                     '{"message": "a\nb"}', '{"message": "\\x"}', '\ufeff{"message": 1}',
                     '{"message": 1 /* one */}', 'var a = {"message": 1};'):
            with self.subTest(text):
                self.assert_answered(text, 'invalid-json')

    def test_what_is_no_object(self):
        for text in '[]', '["message"]', '"message"', '1', 'null', 'true':
            with self.subTest(text):
                self.assert_answered(text, 'not-an-object')

    def test_an_object_without_a_message(self):
        for text in '{}', '{"Message": 1}', '{"text": "x"}', '{"a": {"message": 1}}':
            with self.subTest(text):
                self.assert_answered(text, 'no-message')

    def test_numbers_that_nothing_holds(self):
        for number in ('18446744073709551617', '-9223372036854775809', '1e999', '-1e999',
                       '12345678901234567890123', '0.' + '1' * 63):
            with self.subTest(number):
                self.assert_answered(f'{{"message": {number}}}', 'invalid-number')
                self.assert_answered(f'{{"message": "x", "other": [{number}]}}', 'invalid-number')

    def test_strings_that_not_everybody_holds(self):
        for string in (r'"a\u0000b"', r'{"\u0000": 1}', r'"\ud800"', r'"\udc00\ud800"',
                       r'["\ud83d "]'):
            with self.subTest(string):
                self.assert_answered(f'{{"message": {string}}}', 'invalid-string')

    def test_nesting_has_a_limit(self):
        bus = self.bus_client('chat_deep')
        tab = self.tab('deep')
        fits = '{"message": ' + '[' * 31 + ']' * 31 + '}'

        tab.send_text(fits)
        self.assertEqual(tab.read_text(), fits)
        self.assertEqual(bus.next_event()[0], 'chat_deep')

        for text in (fits.replace('[]', '[[]]'), '[' * 100000, '{"a":' * 100000,
                     '{"message": ' + '[' * 100000 + ']' * 100000 + '}'):
            with self.subTest(text[:20]):
                self.assert_answered(text, 'too-deep')

    def test_every_depth_reaches_the_bus_or_is_left_out(self):
        # D-Bus carries 64 containers: the event has 3, each array 2, each object 3. Past that,
        # programs miss the event, and the service must not lose its bus for trying.
        bus = self.bus_client('chat_deeper')
        tab = self.tab('deeper')

        for depth in range(22, 32):
            for left, right in ('[', ']'), ('{"a":', '}'):
                value = left * depth + '0' + right * depth
                tab.send_text(f'{{"message": {value}}}')
                self.assertEqual(tab.read_text(), f'{{"message": {value}}}')
        tab.send_text('{"message": "last"}')

        arrived = 0
        while bus.next_event()[1]['message'] != 'last':
            arrived += 1
        self.assertEqual(arrived, len(range(22, 30 + 1)))

    def test_many_values_are_too_many(self):
        tab = self.tab('values')
        fits = '{"message": [' + ','.join('0' * 9998) + ']}'

        tab.send_text(fits)
        self.assertEqual(tab.read_text(), fits)

        self.assert_answered('{"message": [' + ','.join('0' * 10000) + ']}', 'too-many-values')

    def test_who_does_not_stop_is_sent_away(self):
        tab = self.tab()

        for _ in range(REFUSALS - 1):
            tab.send_text('no')
        for _ in range(REFUSALS - 1):
            self.assert_error(tab.read_text(), 'invalid-json')
        tab.send_text('{"message": "one good word"}')
        self.assertEqual(tab.read_text(), '{"message": "one good word"}')

        for _ in range(REFUSALS):
            tab.send_text('no')
        for _ in range(REFUSALS):
            self.assert_error(tab.read_text(), 'invalid-json')
        self.assert_closed(tab, 1008)


class TestRate(BadInputCase):
    configuration = '[Limits]\nMessageRate=1\n'

    def test_too_many_messages_are_not_sent(self):
        tab = self.tab('rate')
        witness = self.tab('rate')

        for i in range(BURST + REFUSALS + 10):
            tab.send_text(f'{{"message": {i}}}')

        answers = []
        while len(answers) < BURST or 'error' not in answers[-1]:
            answers.append(json.loads(tab.read_text()))
        self.assertEqual([answer.get('message') for answer in answers[:BURST]], list(range(BURST)))
        self.assertEqual(answers[BURST]['error']['code'], 'rate-limited')
        self.assert_closed(tab, 1008)
        for i in range(BURST):
            self.assertEqual(witness.read_text(), f'{{"message": {i}}}')


class TestFrames(BadInputCase):
    def test_a_message_past_the_limit(self):
        for sizes in [2 * MEBIBYTE], [MEBIBYTE + 1], [MEBIBYTE // 2] * 2 + [1]:
            with self.subTest(sizes=sizes):
                tab = self.tab()
                for i, size in enumerate(sizes):
                    try:
                        tab.send_frame(CONTINUATION if i else TEXT, b' ' * size,
                                       fin=i == len(sizes) - 1)
                    except OSError:
                        break  # it need not be read to the end
                self.assert_closed(tab, 1009)

    def test_what_is_no_utf_8(self):
        for payload in (b'{"message": "\xff"}', b'\xc0\xaf', b'"\xed\xa0\x80"',
                        b'"\xf4\x90\x80\x80"'):
            with self.subTest(payload):
                tab = self.tab()
                tab.send_frame(TEXT, payload)
                self.assert_closed(tab, 1007)

    def test_binary_frames(self):
        tab = self.tab()
        tab.send_frame(BINARY, b'{"message": 1}')
        self.assert_closed(tab, 1003)


class TestPaths(BadInputCase):
    def assert_status(self, status, path, *fields):
        with self.subTest(path):
            self.assertEqual(self.raw().request(path, *fields).status, status)

    def test_unknown_paths(self):
        for path in ('/nothing', '/ws', '/ws/', '/ws/chat', '/ws/chat/room', '/ws/chat/a/b/',
                     '/ws/chat//', '//ws/chat/', '/WS/chat/', '/ws/chat/../chat/'):
            self.assert_status(404, path)
            self.assert_status(404, path, *UPGRADE)

    def test_rooms_of_unknown_characters(self):
        for room in ('%20', 'a%2fb', 'caf%C3%A9', 'a!b', 'a~b', 'a:b', 'a,b', 'a@b', '%2e'):
            self.assert_status(404, f'/ws/chat/{room}/', *UPGRADE)
        for room in 'a%00', 'caf\xe9', 'a b':
            self.assert_status(400, f'/ws/chat/{room}/', *UPGRADE)

    def test_the_length_of_a_room(self):
        self.assert_status(101, f'/ws/chat/{"a" * 64}/', *UPGRADE)
        self.assert_status(404, f'/ws/chat/{"a" * 65}/', *UPGRADE)

    def test_a_websocket_without_an_upgrade(self):
        response = self.raw().request('/ws/chat/')
        self.assertEqual(response.status, 426)
        self.assertEqual(response.fields['sec-websocket-version'], '13')


class TestBus(BadInputCase):
    def test_names_have_a_length(self):
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'a' * 99, 'x'), (0, 0))
        for name in '', 'a' * 100:
            with self.subTest(name):
                self.assert_refused('InvalidName', 'SendToGroup', '(ss)', name, 'x')
                self.assert_refused('InvalidName', 'Subscribe', '(s)', name)
                self.assert_refused('InvalidName', 'Unsubscribe', '(s)', name)
                self.assert_refused('InvalidName', 'ListMembers', '(s)', name)
                self.assert_refused('InvalidName', 'SendMany', '(a(ss))', [('a', ''), (name, '')])

    def test_names_have_an_alphabet(self):
        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'aZ09-_.', 'x'), (0, 0))
        for name in 'a b', 'a\n', 'a!b', 'a/b', 'é', 'a\x7f':
            with self.subTest(name):
                self.assert_refused('InvalidName', 'SendToGroup', '(ss)', name, 'x')

    def test_all_of_many_or_none(self):
        tab = self.tab('many')

        self.assert_refused('InvalidName', 'SendMany', '(a(ss))', [('chat_many', 'no'), ('', 'no')])
        self.bus.call('SendToGroup', '(ss)', 'chat_many', 'yes')

        self.assertEqual(tab.read_text(), '{"message": "yes"}')

    def test_an_event_needs_a_type_of_its_own(self):
        text = GLib.Variant('s', 'x')
        types = [{}, {'message': text}, {'type': GLib.Variant('i', 1)}]
        types += [{'type': GLib.Variant('s', name)}
                  for name in ('', 'websocket.receive', 'websocket.close', 'http.request', '_x')]

        for event in types:
            with self.subTest(event):
                self.assert_refused('InvalidEvent', 'SendEventToGroup', '(sa{sv})', 'a', event)

    def test_an_event_has_a_depth(self):
        def nest(value, depth):
            for _ in range(depth):
                value = GLib.Variant.new_array(value.get_type(), [value])
            return value

        def event(depth):
            # In two parts: a type of D-Bus has 32 levels at most, but may hold a variant.
            value = GLib.Variant('v', nest(GLib.Variant('i', 1), depth - 20))
            return {'type': GLib.Variant('s', 'x'), 'message': nest(value, 20)}

        self.bus.call('SendEventToGroup', '(sa{sv})', 'a', event(31))
        self.assert_refused('InvalidEvent', 'SendEventToGroup', '(sa{sv})', 'a', event(32))

    def test_a_message_has_a_size(self):
        tab = self.tab('size')

        self.assertEqual(self.bus.call('SendToGroup', '(ss)', 'chat_size', 'x' * (MEBIBYTE - 64)),
                         (1, 0))
        self.assertEqual(len(tab.read_text()), MEBIBYTE - 64 + len('{"message": ""}'))
        for size in MEBIBYTE + 1, 20 * MEBIBYTE:
            with self.subTest(size=size):
                self.assert_refused('MessageTooBig', 'SendToGroup', '(ss)', 'chat_size', 'x' * size)
                self.assert_refused('MessageTooBig', 'SendEventToGroup', '(sa{sv})', 'chat_size',
                                    {'type': GLib.Variant('s', 'x'),
                                     'message': GLib.Variant('s', 'x' * size)})

    def test_what_has_no_json_reaches_programs_alone(self):
        tab = self.tab('json')
        program = self.bus_client('chat_json')
        chat = {'type': GLib.Variant('s', 'chat_message')}

        for value in GLib.Variant('d', float('inf')), GLib.Variant('ay', b'\xff\xfe'):
            self.assertEqual(self.bus.call('SendEventToGroup', '(sa{sv})', 'chat_json',
                                           {**chat, 'message': value}), (1, 0))
            self.assertEqual(program.next_event()[1]['message'], value.unpack())
        self.bus.call('SendToGroup', '(ss)', 'chat_json', 'next')
        self.assertEqual(tab.read_text(), '{"message": "next"}')

        for value in GLib.Variant('h', 0), GLib.Variant('a{is}', {1: 'x'}):
            self.assert_refused('InvalidEvent', 'SendEventToGroup', '(sa{sv})', 'chat_json',
                                {**chat, 'message': value})

    def test_groups_of_one_program_are_counted(self):
        greedy = self.bus_client(*(f'g{i}' for i in range(64)))

        with self.assertRaises(CallError) as caught:
            greedy.call('Subscribe', '(s)', 'one-more')
        self.assertEqual(caught.exception.name, 'org.example.Channels.Error.NotAllowed')

        greedy.call('Subscribe', '(s)', 'g0')
        greedy.call('Unsubscribe', '(s)', 'g0')
        greedy.call('Subscribe', '(s)', 'one-more')

    def test_what_the_interface_does_not_have(self):
        for method, signature, arguments in (('NoSuchMethod', '()', ()), ('Subscribe', '()', ()),
                                             ('SendToGroup', '(s)', ('x',)),
                                             ('SendToGroup', '(si)', ('x', 1))):
            with self.subTest(method, signature=signature):
                with self.assertRaises(CallError):
                    self.bus.call(method, signature, *arguments)


if __name__ == '__main__':
    e2e.main()
