# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A program on the bus that calls the service and listens to it.

    with BusClient(daemon.bus_address) as client:
        client.call('Subscribe', '(s)', 'chat_chat_room')
        client.next_event()                       # ('chat_chat_room', {'type': …})
"""

from gi.repository import Gio, GLib

from channelsd import BUS_NAME, INTERFACE, OBJECT_PATH, PATIENCE, CallError


class BusClient:
    """One connection to a bus; a context manager that ends it.

    starts: whether its calls have the bus start the service

    Attributes:
        name      its unique name on the bus
        events    what EventReceived has brought and nobody has asked for yet
        changes   the properties that PropertiesChanged has named, with their values
    """

    def __init__(self, address, starts=False):
        self._flags = Gio.DBusCallFlags.NONE if starts else Gio.DBusCallFlags.NO_AUTO_START
        self.events = []
        self.changes = {}
        self._connection = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self._connection.set_exit_on_close(False)
        self.name = self._connection.get_unique_name()
        self._listen(INTERFACE, 'EventReceived', self._on_event_received)
        self._listen('org.freedesktop.DBus.Properties', 'PropertiesChanged',
                     self._on_properties_changed)

    def _listen(self, interface, signal, callback):
        self._connection.signal_subscribe(BUS_NAME, interface, signal, OBJECT_PATH, None,
                                          Gio.DBusSignalFlags.NONE, callback)

    def _on_event_received(self, _connection, _sender, _path, _interface, _signal, parameters):
        self.events.append(parameters.unpack())

    def _on_properties_changed(self, _connection, _sender, _path, _interface, _signal, parameters):
        self.changes.update(parameters.unpack()[1])

    def _call(self, name, path, interface, method, parameters):
        try:
            return self._connection.call_sync(name, path, interface, method, parameters, None,
                                              self._flags, PATIENCE * 1000, None).unpack()
        except GLib.Error as error:
            raise CallError(error.message) from error

    def call(self, method, signature='()', *arguments):
        """Calls a method of the service, and returns the answer as Python values.

        Fails with CallError.
        """
        return self._call(BUS_NAME, OBJECT_PATH, INTERFACE, method,
                          GLib.Variant(signature, arguments))

    def get(self, name):
        """Returns the value of a property of the service, such as 'Url'."""
        return self._call(BUS_NAME, OBJECT_PATH, 'org.freedesktop.DBus.Properties', 'Get',
                          GLib.Variant('(ss)', (INTERFACE, name)))[0]

    def _ask_bus(self, method):
        return self._call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                          method, GLib.Variant('(s)', (BUS_NAME,)))[0]

    def has_service(self):
        """Returns whether the service is on the bus."""
        return self._ask_bus('NameHasOwner')

    def service_process(self):
        """Returns the id of the service's process."""
        return self._ask_bus('GetConnectionUnixProcessID')

    def wait_until(self, condition, what):
        """Takes in signals until condition () is true; TimeoutError where that takes too long."""
        context = GLib.MainContext.default()
        late = []
        deadline = GLib.timeout_add_seconds(PATIENCE, late.append, True)
        try:
            while not condition():
                if late:
                    raise TimeoutError(f'waited {PATIENCE} s for {what}')
                context.iteration(True)
        finally:
            if not late:
                GLib.source_remove(deadline)

    def next_event(self):
        """Returns group and event of the next EventReceived."""
        self.wait_until(lambda: self.events, 'EventReceived')
        return self.events.pop(0)

    def close(self):
        """Leaves the bus; may be called again."""
        if not self._connection.is_closed():
            self._connection.close_sync(None)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
