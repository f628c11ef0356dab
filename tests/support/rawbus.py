# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A connection to a bus, byte by byte: for what well-behaved programs do not do.

    with RawBus(daemon.bus_address) as bus:
        bus.send('ListGroups')                    # and never read the answer
"""

import os
import socket

from gi.repository import Gio

from channelsd import BUS_NAME, INTERFACE, OBJECT_PATH, PATIENCE


class RawBus:
    """One connection, which reads nothing after the bus has said hello; a context manager."""

    def __init__(self, address):
        fields = dict(part.split('=', 1) for part in address.split(':', 1)[1].split(','))
        self.serial = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(fields['path'])
        self.socket.sendall(b'\0AUTH EXTERNAL ' + str(os.getuid()).encode().hex().encode() + b'\r\n')
        assert self.socket.recv(4096).startswith(b'OK ')
        self.socket.sendall(b'BEGIN\r\n')
        self.send('Hello', None, 'org.freedesktop.DBus', '/org/freedesktop/DBus',
                  'org.freedesktop.DBus')
        assert self.socket.recv(4096)

    def make(self, method, arguments=None, name=BUS_NAME, path=OBJECT_PATH, interface=INTERFACE):
        """Returns the bytes of a call, by default of the service."""
        message = Gio.DBusMessage.new_method_call(name, path, interface, method)
        self.serial += 1
        message.set_serial(self.serial)
        if arguments is not None:
            message.set_body(arguments)
        return message.to_blob(Gio.DBusCapabilityFlags.NONE)

    def send(self, *arguments):
        """Sends a call as make () makes it."""
        self.socket.sendall(self.make(*arguments))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()
