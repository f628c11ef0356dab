#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

from gi.repository import Gio, GLib


def on_event_received(channels, sender, signal, group_and_event):
    group, event = group_and_event.unpack()
    if 'message' in event:
        print(event['message'], flush=True)


channels = Gio.DBusProxy.new_for_bus_sync(
    Gio.BusType.SESSION, Gio.DBusProxyFlags.NONE, None, 'org.example.Channels',
    '/org/example/Channels', 'org.example.Channels', None)
channels.connect('g-signal::EventReceived', on_event_received)
channels.Subscribe('(s)', 'chat_chat_room')
channels.SendToGroup('(ss)', 'chat_chat_room', 'hello from Python')
GLib.MainLoop().run()
