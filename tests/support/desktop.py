# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What of a desktop channelsd can see on the bus: who shows notifications, and who opens pages.

    with NotificationServer(daemon.bus_address) as server:
        …
        shown = server.wait_for('title')
        server.click(shown)

Each speaks from a thread of its own, so that it answers whatever the test does.
"""

import threading

from gi.repository import Gio, GLib

from channelsd import PATIENCE, wait_until

NOTIFICATIONS = 'org.freedesktop.Notifications'
NOTIFICATIONS_PATH = '/org/freedesktop/Notifications'
NOTIFICATIONS_XML = '''<node><interface name='org.freedesktop.Notifications'>
  <method name='GetCapabilities'><arg type='as' direction='out'/></method>
  <method name='Notify'>
    <arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
    <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/>
    <arg type='a{sv}' direction='in'/><arg type='i' direction='in'/>
    <arg type='u' direction='out'/>
  </method>
  <method name='CloseNotification'><arg type='u' direction='in'/></method>
  <signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal>
  <signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>
  <signal name='ActivationToken'><arg type='u'/><arg type='s'/></signal>
</interface></node>'''

PORTAL = 'org.freedesktop.portal.Desktop'
PORTAL_PATH = '/org/freedesktop/portal/desktop'
PORTAL_XML = '''<node><interface name='org.freedesktop.portal.OpenURI'>
  <method name='OpenURI'>
    <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/>
    <arg type='o' direction='out'/>
  </method>
</interface></node>'''

SYSTEMD = 'org.freedesktop.systemd1'
SYSTEMD_PATH = '/org/freedesktop/systemd1'
SYSTEMD_XML = '''<node><interface name='org.freedesktop.systemd1.Manager'>
  <method name='StartTransientUnit'>
    <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='a(sv)' direction='in'/>
    <arg type='a(sa(sv))' direction='in'/><arg type='o' direction='out'/>
  </method>
</interface></node>'''


class BusName:
    """A name on a bus with one object behind it; a context manager that gives it up.

    Attributes:
        calls    (method, arguments) of each call that has come, in order
    """

    def __init__(self, address, name, path, xml):
        self.calls = []
        self._path = path
        self._interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
        self._connection = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self._connection.set_exit_on_close(False)
        self._context = GLib.MainContext()
        self._ended = False
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(PATIENCE)
        self._connection.call_sync(
            'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
            GLib.Variant('(su)', (name, 0)), None, Gio.DBusCallFlags.NONE, PATIENCE * 1000, None)

    def _run(self):
        self._context.push_thread_default()
        self._connection.register_object(self._path, self._interface, self._on_call, None, None)
        self._started.set()
        while not self._ended:
            self._context.iteration(True)
        self._context.pop_thread_default()

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        arguments = parameters.unpack()
        answer = self.answer(method, arguments)
        if answer is not None:
            invocation.return_value(answer)
            self.answered(method, arguments, answer.unpack())
        self.calls.append((method, arguments))

    def answer(self, method, arguments):
        """Returns the answer to a call as a GLib.Variant, or None for none."""
        raise NotImplementedError

    def answered(self, method, arguments, answer):
        """Takes note of a call: what is emitted from now on comes behind the answer."""

    def emit(self, signal, signature, *arguments):
        """Sends a signal to everybody."""
        self._connection.emit_signal(None, self._path, self._interface.name, signal,
                                     GLib.Variant(signature, arguments))
        self._connection.flush_sync(None)

    def count(self, method):
        """Returns how many calls of a method have come."""
        return sum(called == method for called, _ in self.calls)

    def close(self):
        """Leaves the bus; may be called again."""
        self._ended = True
        self._context.wakeup()
        self._thread.join()
        if not self._connection.is_closed():
            self._connection.close_sync(None)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class NotificationServer(BusName):
    """Who shows notifications.

    capabilities: what it says that it can do
    answers: whether it answers to Notify

    Attributes:
        shown   the notifications that it shows, by their numbers: what Notify was called with, in
                a dictionary
    """

    def __init__(self, address, capabilities=('actions', 'body', 'body-markup'), answers=True):
        self._capabilities = list(capabilities)
        self._answers = answers
        self.shown = {}
        super().__init__(address, NOTIFICATIONS, NOTIFICATIONS_PATH, NOTIFICATIONS_XML)

    def answer(self, method, arguments):
        if method == 'GetCapabilities':
            return GLib.Variant('(as)', (self._capabilities,))
        if method == 'CloseNotification':
            return GLib.Variant('()', ())
        if not self._answers:
            return None
        return GLib.Variant('(u)', (arguments[1] or self.count('Notify') + 1,))

    def answered(self, method, arguments, answer):
        if method == 'CloseNotification':
            self.shown.pop(arguments[0], None)
        if method != 'Notify':
            return
        names = 'application', 'id', 'icon', 'title', 'body', 'actions', 'hints', 'timeout'
        self.shown[answer[0]] = {**dict(zip(names, arguments)), 'id': answer[0]}

    def find(self, title):
        """Returns the notification that it shows with a title, or None."""
        return next((told for told in list(self.shown.values()) if told['title'] == title), None)

    def wait_for(self, title):
        """Waits until it shows a notification with a title, and returns it."""
        return wait_until(lambda: self.find(title), f'{title!r} in {self.shown}')

    def close_notification(self, told):
        """Does as if the user had closed a notification."""
        del self.shown[told['id']]
        self.emit('NotificationClosed', '(uu)', told['id'], 2)

    def click(self, told, token=None):
        """Does as if the user had clicked on a notification."""
        if token:
            self.emit('ActivationToken', '(us)', told['id'], token)
        self.emit('ActionInvoked', '(us)', told['id'], 'default')
        self.close_notification(told)


class Portal(BusName):
    """What opens pages for programs that should not do it themselves.

    Attributes:
        opened   (url, options) of each, in order
    """

    def __init__(self, address):
        self.opened = []
        super().__init__(address, PORTAL, PORTAL_PATH, PORTAL_XML)

    def answer(self, method, arguments):
        _, url, options = arguments
        self.opened.append((url, options))
        return GLib.Variant('(o)', (f'{PORTAL_PATH}/request/1',))


class ServiceManager(BusName):
    """The user's systemd, as far as it starts units for others.

    Attributes:
        units   (name, properties) of each unit, in order
    """

    def __init__(self, address):
        self.units = []
        super().__init__(address, SYSTEMD, SYSTEMD_PATH, SYSTEMD_XML)

    def answer(self, method, arguments):
        name, _, properties, _ = arguments
        self.units.append((name, dict(properties)))
        return GLib.Variant('(o)', ('/org/freedesktop/systemd1/job/1',))
