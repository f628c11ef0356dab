#!/usr/bin/gjs -m
// SPDX-FileCopyrightText: 2026 The Channels developers
// SPDX-License-Identifier: LGPL-2.1-or-later

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const channels = Gio.DBusProxy.new_for_bus_sync(
  Gio.BusType.SESSION, Gio.DBusProxyFlags.NONE, null, 'org.example.Channels',
  '/org/example/Channels', 'org.example.Channels', null);

function call(method, signature, ...values) {
  const parameters = new GLib.Variant(signature, values);
  return channels.call_sync(method, parameters, Gio.DBusCallFlags.NONE, -1, null);
}

channels.connect('g-signal::EventReceived', (_proxy, _sender, _signal, groupAndEvent) => {
  const [, event] = groupAndEvent.recursiveUnpack();
  if ('message' in event)
    print(event.message);
});
call('Subscribe', '(s)', 'chat_chat_room');
call('SendToGroup', '(ss)', 'chat_chat_room', 'hello from JavaScript');
new GLib.MainLoop(null, false).run();
