#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""As much of systemd's user manager as is asked whether it knows our units.

fake-manager.py SERVICE-LOAD SERVICE-ACTIVE SOCKET-LOAD SOCKET-ACTIVE SOCKET-FILE-STATE
"""

import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1"
INTERFACE = """<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="ListUnitsByNames">
    <arg type="as" direction="in"/><arg type="a(ssssssouso)" direction="out"/>
  </method>
  <method name="GetUnitFileState">
    <arg type="s" direction="in"/><arg type="s" direction="out"/>
  </method>
</interface></node>"""

SERVICE = sys.argv[1:3]
SOCKET = sys.argv[3:5]
FILE_STATE = sys.argv[5]


def call(_connection, _sender, _path, _interface, method, arguments, invocation):
    if method == "ListUnitsByNames":
        units = [(name, "", *(SERVICE if name.endswith(".service") else SOCKET), "", "", "/", 0,
                  "", "/") for name in arguments.unpack()[0]]
        invocation.return_value(GLib.Variant("(a(ssssssouso))", (units,)))
    elif FILE_STATE:
        invocation.return_value(GLib.Variant("(s)", (FILE_STATE,)))
    else:
        invocation.return_dbus_error("org.freedesktop.DBus.Error.FileNotFound", "none")


def main():
    interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
    connection = Gio.bus_get_sync(Gio.BusType.SESSION)
    connection.register_object(PATH, interface, call, None, None)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, loop.quit)
    Gio.bus_own_name_on_connection(connection, NAME, Gio.BusNameOwnerFlags.DO_NOT_QUEUE,
                                   None, lambda *_: loop.quit())
    loop.run()


main()
