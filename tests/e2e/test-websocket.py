#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Browser tabs, desktop programs and the command line in one group.

    test-websocket.py CHANNELSD CHANNELSCTL

The tabs are python3-websockets: a client that shares no code with the service.
"""

import asyncio
import contextlib
import json
import signal
import subprocess
import time

import e2e
import websockets
from channelsd import PATIENCE, CallError, end, read_line, wait_until

GROUP = 'chat_chat_room'
MEBIBYTE = 1 << 20


class WebSocketCase(e2e.AsyncDaemonCase):
    async def connect(self, room='', **options):
        """Returns a python3-websockets client in a room."""
        url = self.daemon.ws_url + (f'{room}/' if room else '')
        client = await websockets.connect(url, max_size=None, **options)
        self.addAsyncCleanup(client.close)
        return client

    async def receive(self, *clients):
        """Returns the next message of each."""
        return [await asyncio.wait_for(client.recv(), PATIENCE) for client in clients]

    async def assert_all_get(self, clients, text):
        self.assertEqual(await self.receive(*clients), [text] * len(clients))

    async def assert_closed(self, client, code):
        await asyncio.wait_for(client.wait_closed(), PATIENCE)
        self.assertEqual(client.close_code, code)

    def listen(self, *groups):
        """Returns a `channelsctl listen` that has joined its groups."""
        listener = subprocess.Popen([e2e.CHANNELSCTL, 'listen', *groups], env=self.daemon.env,
                                    stdout=subprocess.PIPE, bufsize=0)
        self.addCleanup(listener.stdout.close)
        self.addCleanup(end, listener)
        for group in groups:
            wait_until(lambda: 'bus' in self.kinds(group), f'channelsctl to join {group}')
        return listener

    def kinds(self, group):
        """Returns the kinds of a group's members."""
        return [kind for _, kind, _ in self.bus.call('ListMembers', '(s)', group)[0]]

    def assert_refused(self, error, method, *arguments):
        with self.assertRaises(CallError) as caught:
            self.bus.call(method, *arguments)
        self.assertEqual(caught.exception.name, f'org.example.Channels.Error.{error}')


class TestTabs(WebSocketCase):
    async def test_a_message_reaches_every_tab_of_its_room(self):
        tabs = [await self.connect() for _ in range(3)]

        await tabs[0].send('{"message": "hello"}')

        await self.assert_all_get(tabs, '{"message": "hello"}')

    async def test_rooms_are_apart(self):
        lobby = [await self.connect('lobby') for _ in range(2)]
        kitchen = await self.connect('kitchen')

        await lobby[0].send('{"message": "to the lobby"}')
        await self.assert_all_get(lobby, '{"message": "to the lobby"}')
        await kitchen.send('{"message": "to the kitchen"}')

        await self.assert_all_get([kitchen], '{"message": "to the kitchen"}')

    async def test_the_default_room_is_the_room_of_that_name(self):
        tabs = [await self.connect(), await self.connect('chat_room')]

        await tabs[1].send('{"message": 1}')

        await self.assert_all_get(tabs, '{"message": 1}')

    async def test_messages_keep_their_order(self):
        tabs = [await self.connect('order') for _ in range(2)]
        texts = [f'{{"message": {i}}}' for i in range(150)]

        for text in texts:
            await tabs[0].send(text)

        for tab in tabs:
            self.assertEqual([(await self.receive(tab))[0] for _ in texts], texts)

    async def test_any_json_is_relayed_byte_for_byte(self):
        tab = await self.connect('json')
        values = ['null', 'true', 'false', '0', '-0', '1.50', '1E2', '1e-7', '0.1', '""',
                  '9223372036854775807', '-9223372036854775808', '18446744073709551615',
                  '18446744073709551616', '[]', '{}', '[1, [2,3] ,{"a":null}]', '{"a": 1, "a": 2}',
                  '{"":{}}', '{ "b" :\t[ ]\n}',
                  r'"\u00e9\/\n\ud83d\ude00"', '"聊天室 🛋 שלום é"', '"\u2028\x7f"']

        for value in values:
            with self.subTest(value):
                await tab.send(f'{{"message": {value}}}')
                await self.assert_all_get([tab], f'{{"message": {value}}}')

    async def test_space_and_other_members_are_left_behind(self):
        tab = await self.connect('json')

        await tab.send(' {"type":"websocket.close","message"\n:\t"x" , "user": "root"}\r\n')

        await self.assert_all_get([tab], '{"message": "x"}')

    async def test_a_type_is_never_the_tabs_to_choose(self):
        tab = await self.connect('typed')
        bus = self.bus_client('chat_typed')

        await tab.send('{"type": "websocket.receive", "message": "x"}')

        self.assertEqual(bus.next_event(), ('chat_typed', {'type': 'chat_message', 'message': 'x'}))

    async def test_a_message_in_fragments_is_one(self):
        tab = await self.connect('fragments')

        await tab.send(['{"mess', 'age": "hel', 'lo"', '}'])

        await self.assert_all_get([tab], '{"message": "hello"}')

    async def test_the_largest_message_passes(self):
        tabs = [await self.connect('large') for _ in range(2)]
        text = '{"message": "' + 'x' * (MEBIBYTE - 15) + '"}'
        self.assertEqual(len(text), MEBIBYTE)

        await tabs[0].send(text)

        await self.assert_all_get(tabs, text)

    async def test_a_tab_that_leaves_is_counted_out(self):
        stays, leaves = await self.connect('leave'), await self.connect('leave')

        await leaves.close()
        await stays.send('{"message": "who is here?"}')

        await self.assert_all_get([stays], '{"message": "who is here?"}')
        self.assertEqual(self.daemon.call('SendToGroup', 'chat_leave', 'x'), (1, 0))

    async def test_a_ping_is_answered(self):
        tab = await self.connect()

        await asyncio.wait_for(await tab.ping(b'are you there?'), PATIENCE)


class TestBus(WebSocketCase):
    async def test_the_line_of_the_manual(self):
        tabs = [await self.connect() for _ in range(2)]

        done = subprocess.run(
            'gdbus call --session --dest org.example.Channels --object-path /org/example/Channels '
            '--method org.example.Channels.SendToGroup chat_chat_room \'hello from the desktop\'',
            shell=True, env=self.daemon.env, capture_output=True, text=True, check=True,
            timeout=PATIENCE)

        self.assertEqual(done.stdout, '(uint32 2, uint32 0)\n')
        await self.assert_all_get(tabs, '{"message": "hello from the desktop"}')

    async def test_a_tabs_message_reaches_programs(self):
        tab = await self.connect('both')
        bus = self.bus_client('chat_both')

        await tab.send('{"message": {"n": [1, -2, 0.5, true, null, "é", 18446744073709551615]}}')

        group, event = bus.next_event()
        self.assertEqual(group, 'chat_both')
        self.assertEqual(event['type'], 'chat_message')
        # D-Bus has no null: an empty signature stands for it.
        self.assertEqual(event['message'], {'n': [1, -2, 0.5, True, '', 'é', 2**64 - 1]})

    async def test_programs_events_are_shown_as_json(self):
        tab = await self.connect('variants')
        cases = {
            "<'text'>": '"text"',
            "<'a\"b\\\\c\\n聊'>": '"a\\"b\\\\c\\n聊"',
            '<true>': 'true',
            '<int64 -9223372036854775808>': '-9223372036854775808',
            '<uint64 18446744073709551615>': '18446744073709551615',
            '<byte 0x07>': '7',
            '<0.1>': '0.1',
            '<1e300>': '1e+300',
            "<signature ''>": 'null',
            '<[1, 2]>': '[1,2]',
            "<{'a': <1>}>": '{"a":1}',
        }

        for variant, shown in cases.items():
            with self.subTest(variant):
                event = f"{{'type': <'chat.message'>, 'message': {variant}}}"
                self.assertEqual(self.daemon.call('SendEventToGroup', 'chat_variants', event),
                                 (1, 0))
                (text,) = await self.receive(tab)
                self.assertEqual(json.loads(text)['message'], json.loads(shown))
                self.assertTrue(text.startswith('{"message": '))

    async def test_types_without_a_handler_are_dropped(self):
        tab = await self.connect('quiet')

        self.assertEqual(self.daemon.call('SendEventToGroup', 'chat_quiet', "{'type': <'other'>}"),
                         (0, 0))
        self.assertEqual(self.daemon.call('SendToGroup', 'chat_quiet', 'heard'), (1, 0))

        await self.assert_all_get([tab], '{"message": "heard"}')

    async def test_many_messages_keep_their_order(self):
        tabs = [await self.connect('many'), await self.connect('few')]
        bus = self.bus_client('chat_many')
        pairs = [('chat_many' if i % 4 else 'chat_few', str(i)) for i in range(1000)]

        self.assertEqual(bus.call('SendMany', '(a(ss))', pairs), (750 * 2 + 250, 0))

        for tab, room in zip(tabs, ('chat_many', 'chat_few')):
            for expected in (text for group, text in pairs if group == room):
                await self.assert_all_get([tab], f'{{"message": "{expected}"}}')
        self.assertEqual([bus.next_event()[1]['message'] for _ in range(750)],
                         [text for group, text in pairs if group == 'chat_many'])

    async def test_one_channel_can_be_spoken_to(self):
        tabs = [await self.connect('one') for _ in range(2)]
        bus = self.bus_client('chat_one')
        ((first, kind, joined), *rest), = bus.call('ListMembers', '(s)', 'chat_one')
        event = "{'type': <'chat_message'>, 'message': <'only you'>}"

        self.assertEqual(kind, 'websocket')
        self.assertLess(abs(joined / 1e6 - time.time()), PATIENCE)
        self.assertEqual([kind for _, kind, _ in rest], ['websocket', 'bus'])
        self.assertEqual(self.daemon.call('SendToChannel', first, event), (1, 0))
        self.daemon.call('SendToGroup', 'chat_one', 'all of you')

        await self.assert_all_get(tabs[:1], '{"message": "only you"}')
        await self.assert_all_get(tabs, '{"message": "all of you"}')

        self.assertEqual(self.daemon.call('SendToChannel', rest[1][0], event), (1, 0))
        self.assertEqual([bus.next_event()[0] for _ in range(2)], ['chat_one', ''])

    async def test_who_is_nowhere_cannot_be_spoken_to(self):
        nobody = 'specific.nowhere!nobody'

        self.assert_refused('NoSuchChannel', 'Disconnect', '(sus)', nobody, 1000, '')
        with self.assertRaises(CallError) as caught:
            self.daemon.call('SendToChannel', nobody, "{'type': <'chat_message'>}")
        self.assertTrue(caught.exception.name.endswith('.NoSuchChannel'))

    async def test_a_tab_can_be_sent_away(self):
        goes, stays = await self.connect('away'), await self.connect('away')
        bus = self.bus_client()
        ((channel, _, _), _), = bus.call('ListMembers', '(s)', 'chat_away')

        bus.call('Disconnect', '(sus)', channel, 4321, 'good night')

        await self.assert_closed(goes, 4321)
        self.assertEqual(goes.close_reason, 'good night')
        self.assertEqual(bus.call('SendToGroup', '(ss)', 'chat_away', 'still here'), (1, 0))
        await self.assert_all_get([stays], '{"message": "still here"}')

        for code in 999, 1005, 1006, 1012, 3000, 5000, 70000:
            with self.subTest(code):
                self.assert_refused('NotAllowed', 'Disconnect', '(sus)',
                                    bus.call('ListMembers', '(s)', 'chat_away')[0][0][0], code, '')
        self.assert_refused('NotAllowed', 'Disconnect', '(sus)',
                            bus.call('ListMembers', '(s)', 'chat_away')[0][0][0], 1000, 'x' * 101)

    async def test_who_unsubscribes_hears_no_more(self):
        bus = self.bus_client('left', 'stayed')

        bus.call('Unsubscribe', '(s)', 'left')
        bus.call('Unsubscribe', '(s)', 'never-joined')
        bus.call('Subscribe', '(s)', 'stayed')
        bus.call('SendMany', '(a(ss))', [('left', 'x'), ('stayed', 'y'), ('stayed', 'z')])

        self.assertEqual([bus.next_event()[1]['message'] for _ in range(2)], ['y', 'z'])
        self.assertEqual(bus.call('ListGroups'), ([('stayed', 1)],))

    async def test_groups_are_listed_by_name(self):
        await self.connect('b')
        await self.connect('b')
        await self.connect('a')

        self.assertEqual(self.daemon.call('ListGroups'), ([('chat_a', 1), ('chat_b', 2)],))

    async def test_the_properties(self):
        self.assertEqual(self.daemon.get('Url'), self.daemon.url)
        self.assertEqual(self.daemon.get('WebSocketUrl'), self.daemon.ws_url)
        self.assertEqual(self.daemon.get('Layer'), 'memory')
        self.assertEqual(self.daemon.get('LayerState'), 'up')
        self.assertRegex(self.daemon.get('Version'), r'^\d+\.\d+\.\d+$')

    async def test_changes_of_properties_are_told(self):
        bus = self.bus_client()

        tab = await self.connect()
        bus.wait_until(lambda: bus.changes.get('Connections') == 1, 'a connection')
        self.assertEqual(self.daemon.get('Connections'), 1)

        await tab.close()
        bus.wait_until(lambda: bus.changes['Connections'] == 0, 'no connection')
        self.assertEqual(self.daemon.get('Connections'), 0)


class TestTickets(WebSocketCase):
    ORIGIN = 'https://example.org'

    def mint(self, *groups, origin=ORIGIN, seconds=0):
        return self.bus.call('MintTicket', '(assu)', groups, origin, seconds)

    @contextlib.asynccontextmanager
    async def refused(self):
        with self.assertRaises(websockets.InvalidStatusCode) as caught:
            yield
        self.assertEqual(caught.exception.status_code, 403)

    async def test_a_ticket_lets_another_origin_in_once(self):
        ticket, url = self.mint(GROUP)
        self.assertEqual(url, f'{self.daemon.ws_url}?ticket={ticket}')

        async with websockets.connect(url, origin=self.ORIGIN) as tab:
            await tab.send('{"message": "from afar"}')
            await self.assert_all_get([tab], '{"message": "from afar"}')

        async with self.refused():
            await websockets.connect(url, origin=self.ORIGIN)

    async def test_a_ticket_may_come_as_a_subprotocol(self):
        ticket, _ = self.mint(GROUP)
        protocols = ['channels.v1', f'channels.ticket.{ticket}']

        tab = await self.connect(origin=self.ORIGIN, subprotocols=protocols)
        self.assertEqual(tab.subprotocol, 'channels.v1')

        async with self.refused():
            await self.connect(origin=self.ORIGIN, subprotocols=protocols)

    async def test_a_ticket_for_no_group_is_for_every_group(self):
        ticket, url = self.mint()
        self.assertEqual(url, f'{self.daemon.ws_url}?ticket={ticket}')

        await self.connect('kitchen', origin=self.ORIGIN, subprotocols=[
            'channels.v1', f'channels.ticket.{ticket}'])

    async def test_a_ticket_is_for_its_origin_and_its_groups(self):
        for room, origin in ('', 'https://example.com'), ('other', self.ORIGIN):
            with self.subTest(room=room, origin=origin):
                ticket, _ = self.mint(GROUP)
                async with self.refused():
                    await self.connect(room, origin=origin, subprotocols=[
                        'channels.v1', f'channels.ticket.{ticket}'])

    async def test_who_asks_for_too_much_gets_no_ticket(self):
        for origin, seconds in ('https://example.org/', 30), ('example.org', 30), ('', 30), \
                ('null', 30), (self.ORIGIN, 301):
            with self.subTest(origin=origin, seconds=seconds):
                self.assert_refused('NotAllowed', 'MintTicket', '(assu)', [GROUP], origin, seconds)
        self.assert_refused('NotAllowed', 'MintTicket', '(assu)', ['no_route'], self.ORIGIN, 30)
        self.assert_refused('InvalidName', 'MintTicket', '(assu)', ['no spaces'], self.ORIGIN, 30)


class TestCommandLine(WebSocketCase):
    async def test_a_text_is_sent(self):
        tab = await self.connect()

        printed = self.ctl('send', GROUP, 'héllo')

        self.assertEqual(printed, 'Message sent successfully (1 receiver, 0 remotes)\n')
        await self.assert_all_get([tab], '{"message": "héllo"}')

    async def test_standard_input_is_sent(self):
        tab = await self.connect()

        self.ctl('send', GROUP, '-', input='two\nlines')

        await self.assert_all_get([tab], '{"message": "two\\nlines"}')

    async def test_an_event_is_sent(self):
        tab = await self.connect()

        self.ctl('send', '--json', GROUP, '{"type": "chat.message", "message": [1, {"a": null}]}')

        (text,) = await self.receive(tab)
        self.assertEqual(json.loads(text), {'message': [1, {'a': None}]})

    async def test_what_tabs_say_is_heard(self):
        tab = await self.connect()
        listener = self.listen(GROUP)

        for message in 'é', [1, None, {'a': 0.5}], 2**64 - 1:
            await tab.send(json.dumps({'message': message}))
            self.assertEqual(json.loads(read_line(listener.stdout)), {
                'group': GROUP, 'event': {'type': 'chat_message', 'message': message}})

        self.assertEqual(end(listener, signal.SIGINT), 0)

    async def test_several_groups_are_heard(self):
        listener = self.listen('chat_a', 'chat_b')

        for group in 'chat_b', 'chat_a':
            self.ctl('send', group, 'x')
            self.assertEqual(json.loads(read_line(listener.stdout))['group'], group)

    async def test_groups_and_members_are_shown(self):
        await self.connect()
        self.listen(GROUP)

        self.assertEqual(json.loads(self.ctl('groups', '--json')),
                         [{'group': GROUP, 'members': 2}])
        members = json.loads(self.ctl('members', '--json', GROUP))
        self.assertEqual([member['kind'] for member in members], ['websocket', 'bus'])
        self.assertRegex(self.ctl('groups'), rf'(?m)^{GROUP} +2$')
        self.assertIn(members[0]['channel'], self.ctl('members', GROUP))

    async def test_the_state_is_shown(self):
        await self.connect()

        status = json.loads(self.ctl('status', '--json'))
        self.assertEqual(status['url'], self.daemon.url)
        self.assertEqual(status['connections'], 1)
        self.assertIn(self.daemon.url, self.ctl('status'))


if __name__ == '__main__':
    e2e.main()
