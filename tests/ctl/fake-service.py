#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service with the interface of channelsd, and no more behind it than a test needs.

fake-service.py INTERFACE.xml

Groups are real: who subscribes gets what is sent. Beyond that
 - the group `full` has two members that no real service has;
 - the group `error.NAME` fails with the error NAME, `exit` ends the service without an answer;
 - Disconnect sends what it got, as an event, to the group `disconnected`;
 - Reload fails;
 - $FAKE_VERSION and $FAKE_URL are the properties `Version` and `Url`.
"""

import os
import re
import sys

from gi.repository import Gio, GLib

NAME = "org.example.Channels"
PATH = "/org/example/Channels"

PROPERTIES = {
    "Version": GLib.Variant("s", os.environ.get("FAKE_VERSION", "0.1.0")),
    "Url": GLib.Variant("s", os.environ.get("FAKE_URL", "http://127.0.0.1:8484/")),
    "WebSocketUrl": GLib.Variant("s", "ws://127.0.0.1:8484/ws/chat/"),
    "Layer": GLib.Variant("s", "memory"),
    "LayerState": GLib.Variant("s", "up"),
    "Connections": GLib.Variant("u", 2),
}


class Failure(Exception):
    """An error of the service: its short name, and what it says."""


class Service:
    def __init__(self, connection):
        self.connection = connection
        self.groups = {}

    def check(self, group):
        if group == "exit":
            os._exit(0)
        if group.startswith("error."):
            raise Failure(group[len("error."):], "the test asked for it")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,99}", group):
            raise Failure("InvalidName", f"{group!r}")

    def deliver(self, group, event):
        members = self.groups.get(group, [])
        for member in members:
            self.connection.emit_signal(
                member, PATH, NAME, "EventReceived", GLib.Variant.new_tuple(
                    GLib.Variant("s", group), event))
        return GLib.Variant("(uu)", (len(members), 0))

    def SendToGroup(self, sender, group, message):
        self.check(group.unpack())
        return self.deliver(group.unpack(), GLib.Variant("a{sv}", {
            "type": GLib.Variant("s", "chat_message"), "message": message}))

    def SendEventToGroup(self, sender, group, event):
        self.check(group.unpack())
        return self.deliver(group.unpack(), event)

    def Subscribe(self, sender, group):
        self.check(group.unpack())
        members = self.groups.setdefault(group.unpack(), [])
        if sender not in members:
            members.append(sender)

    def Reload(self, sender):
        raise Failure("NotAllowed", "the test asked for it")

    def ListGroups(self, sender):
        groups = [(name, len(members)) for name, members in sorted(self.groups.items()) if members]
        return GLib.Variant("(a(su))", (groups,))

    def ListMembers(self, sender, group):
        self.check(group.unpack())
        if group.unpack() == "full":
            members = [("specific.a!1", "websocket", 1700000000123456), ("b\x1b", "bus", 0)]
        else:
            members = [(f"specific.x!{i}", "bus", 1700000000000000)
                       for i, _ in enumerate(self.groups.get(group.unpack(), []))]
        return GLib.Variant("(a(ssx))", (members,))

    def Disconnect(self, sender, channel, code, reason):
        if channel.unpack() == "nobody":
            raise Failure("NoSuchChannel", "nobody")
        self.deliver("disconnected", GLib.Variant("a{sv}", {
            "type": GLib.Variant("s", "test"), "channel": channel, "code": code,
            "reason": reason}))

    def MintTicket(self, sender, groups, origin, seconds):
        url = f"ws://127.0.0.1:8484/?groups={','.join(groups)}&origin={origin.unpack()}" \
              f"&seconds={seconds.unpack()}"
        return GLib.Variant("(ss)", ("a-ticket", url))

    def call(self, connection, sender, path, interface, method, arguments, invocation):
        try:
            values = [arguments.get_child_value(i) for i in range(arguments.n_children())]
            invocation.return_value(getattr(self, method)(sender, *values))
        except Failure as failure:
            name, message = failure.args
            invocation.return_dbus_error(f"{NAME}.Error.{name}", message)

    def get(self, connection, sender, path, interface, name):
        return PROPERTIES[name]

    def vanished(self, connection, sender, path, interface, signal, arguments):
        name, _, owner = arguments.unpack()
        if owner == "":
            for members in self.groups.values():
                if name in members:
                    members.remove(name)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        interface = Gio.DBusNodeInfo.new_for_xml(file.read()).lookup_interface(NAME)
    connection = Gio.bus_get_sync(Gio.BusType.SESSION)
    service = Service(connection)
    connection.register_object(PATH, interface, service.call, service.get, None)
    connection.signal_subscribe("org.freedesktop.DBus", "org.freedesktop.DBus",
                                "NameOwnerChanged", "/org/freedesktop/DBus", None,
                                Gio.DBusSignalFlags.NONE, service.vanished)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, loop.quit)
    Gio.bus_own_name_on_connection(connection, NAME, Gio.BusNameOwnerFlags.DO_NOT_QUEUE,
                                   None, lambda *_: loop.quit())
    loop.run()


main()
