#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""channelsctl as its user meets it: what it prints, and what it exits with.

test-channelsctl.py CHANNELSCTL fake|real SERVICE [ARGUMENT...]

SERVICE is started by a bus of the test's own when it is called. With `real`, only those tests are
run that hold for every service; the others need what tests/ctl/fake-service.py does on demand.
"""

import json
import os
import selectors
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from gi.repository import Gio, GLib

NAME = "org.example.Channels"
PATH = "/org/example/Channels"
DEADLINE = 20  # seconds; reached only where something is broken
MIB = 1024 * 1024

CHANNELSCTL = sys.argv[1]
KIND = sys.argv[2]
SERVICE = sys.argv[3:]

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={directory}</listen>
  <servicedir>{directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Reader:
    """Lines of a pipe, each within the deadline."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.data = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(pipe, selectors.EVENT_READ)

    def line(self):
        end = time.monotonic() + DEADLINE
        while b"\n" not in self.data:
            if not self.selector.select(max(0, end - time.monotonic())):
                raise AssertionError(f"no line within {DEADLINE} s, but {self.data!r}")
            read = os.read(self.pipe.fileno(), 65536)
            if read == b"":
                raise AssertionError(f"the end instead of a line, after {self.data!r}")
            self.data += read
        line, self.data = self.data.split(b"\n", 1)
        return line.decode()

    def close(self):
        self.selector.close()
        self.pipe.close()


class Test(unittest.TestCase):
    """A bus, an environment, and nothing of the user's."""

    service = SERVICE

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.directory,
            "XDG_CONFIG_HOME": self.directory + "/config",
            "XDG_DATA_HOME": self.directory + "/data",
            "XDG_DATA_DIRS": self.directory + "/nothing",
            "XDG_RUNTIME_DIR": self.directory,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC0",
            "G_DEBUG": "fatal-warnings",
        }
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.start_bus()

    def start_bus(self):
        os.mkdir(self.directory + "/services")
        if self.service:
            self.write(f"services/{NAME}.service",
                       f"[D-BUS Service]\nName={NAME}\nExec={shlex.join(self.service)}\n")
        config = self.write("bus.conf", BUS_CONFIG.format(directory=self.directory))
        self.bus = subprocess.Popen(
            ["dbus-daemon", "--config-file", config, "--nofork", "--print-address"],
            stdout=subprocess.PIPE, env=self.environment)
        self.addCleanup(self.end, self.bus)
        reader = Reader(self.bus.stdout)
        self.addCleanup(reader.close)
        address = reader.line()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        self.connection = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_ctl(self, *arguments, status=0, text="", **options):
        """What it printed; where it is to fail, what it complained of."""
        given = {} if "stdin" in options else {
            "input": text if isinstance(text, bytes) else text.encode()}
        if "stdout" not in options:
            options["stdout"] = subprocess.PIPE
        options.setdefault("env", self.environment)
        done = subprocess.run([CHANNELSCTL, *arguments], stderr=subprocess.PIPE, timeout=DEADLINE,
                              check=False, **given, **options)
        errors = done.stderr.decode()
        self.assertEqual(done.returncode, status, errors)
        if status == 0:
            self.assertEqual(errors, "")
            return (done.stdout or b"").decode()
        self.assertFalse(done.stdout)
        for line in errors.splitlines():
            self.assertTrue(line.startswith("channelsctl: "), errors)
        self.assertEqual(len(errors.splitlines()), status, errors)
        return errors

    def call(self, method, *arguments, signature="()"):
        return self.connection.call_sync(
            NAME, PATH, NAME, method, GLib.Variant(signature, arguments), None,
            Gio.DBusCallFlags.NONE, DEADLINE * 1000, None).unpack()

    def send_event(self, group, **event):
        self.call("SendEventToGroup", group, {"type": GLib.Variant("s", "test"), **event},
                  signature="(sa{sv})")

    def service_pid(self):
        return self.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "GetConnectionUnixProcessID", GLib.Variant("(s)", (NAME,)), None,
            Gio.DBusCallFlags.NONE, DEADLINE * 1000, None).unpack()[0]

    def listen(self, *groups, **options):
        """A listener that has joined its groups."""
        options.setdefault("stdout", subprocess.PIPE)
        listener = subprocess.Popen([CHANNELSCTL, "listen", *groups], stderr=subprocess.PIPE,
                                    env=self.environment, **options)
        self.addCleanup(self.end, listener)
        for name in ("stdout", "stderr"):
            if getattr(listener, name) is not None:
                reader = Reader(getattr(listener, name))
                setattr(listener, name[3:], reader)
                self.addCleanup(reader.close)
        for group in groups:
            self.wait_for_member(group)
        return listener

    def wait_for_member(self, group):
        end = time.monotonic() + DEADLINE
        while not self.call("ListMembers", group, signature="(s)")[0]:
            self.assertLess(time.monotonic(), end, f"nobody joined {group}")

    def assert_ends(self, process, status=0):
        self.assertEqual(process.wait(DEADLINE), status)


class UsageTest(Test):
    """What needs no service."""

    service = []

    def test_help(self):
        for arguments in (["--help"], ["-h"], ["help"], ["help", "help"]):
            self.assertIn("channelsctl", self.run_ctl(*arguments))
        commands = self.run_ctl("help")
        for name in ("send", "listen", "groups", "members", "status", "open", "ticket",
                     "disconnect", "reload", "doctor", "import-django", "help"):
            self.assertIn(f"\n  {name}", commands)
            self.assertIn(f"channelsctl {name} [", self.run_ctl("help", name))
            self.assertEqual(self.run_ctl("help", name), self.run_ctl(name, "--help"))

    def test_version(self):
        self.assertRegex(self.run_ctl("--version"), r"^channelsctl \d+\.\d+\.\d+\n$")

    def test_wrong(self):
        for arguments in ([], ["nonsense"], ["--nonsense"], ["help", "nonsense"],
                          ["help", "send", "x"], ["send"], ["send", "a"], ["send", "a", "b", "c"],
                          ["send", "--nonsense", "a", "b"], ["listen"], ["groups", "x"],
                          ["members"], ["members", "a", "b"], ["status", "x"], ["open", "a", "b"],
                          ["ticket"], ["ticket", "a"], ["ticket", "--origin", "http://x"],
                          ["ticket", "--origin", "http://x", "--seconds", "301", "a"],
                          ["ticket", "--origin", "http://x", "--seconds", "-1", "a"],
                          ["ticket", "--origin", "http://x", "--seconds", "x", "a"],
                          ["disconnect"], ["disconnect", "--code", "999", "a"],
                          ["disconnect", "--code", "5000", "a"], ["import-django", "a", "b"],
                          ["import-django", "--layer"], ["reload", "x"],
                          ["doctor", "x"], ["doctor", "--project"], ["send", "a", b"\xff"]):
            with self.subTest(arguments):
                self.assertIn("channelsctl help", self.run_ctl(*arguments, status=2))

    def test_no_service(self):
        for arguments in (["status"], ["send", "a", "b"], ["listen", "a"], ["open"]):
            with self.subTest(arguments):
                self.assertIn("channelsd is not running", self.run_ctl(*arguments, status=1))

    def test_no_bus(self):
        environment = {**self.environment, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
        self.assertIn("no session bus", self.run_ctl("status", status=1, env=environment))

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.assertIn("standard output", self.run_ctl("--version", status=1, stdout=full))


class CommandTest(Test):
    """What holds for every service, which the bus starts here when it is called."""

    def test_send(self):
        self.assertEqual(self.run_ctl("send", "quiet", "hello"),
                         "Message sent successfully (0 receivers, 0 remotes)\n")
        listener = self.listen("chat_one")
        self.assertEqual(self.run_ctl("send", "chat_one", "hello"),
                         "Message sent successfully (1 receiver, 0 remotes)\n")
        self.assertEqual(json.loads(listener.out.line()),
                         {"group": "chat_one",
                          "event": {"type": "chat_message", "message": "hello"}})

    def sent(self, listener, *arguments, **options):
        self.run_ctl("send", *arguments, **options)
        return json.loads(listener.out.line())["event"]

    def test_send_text(self):
        listener = self.listen("a")
        for message in ("", "群組 🙂", "two\nlines", "  ", "\u007f\u009b"):
            with self.subTest(message):
                self.assertEqual(self.sent(listener, "a", message)["message"], message)
        self.assertEqual(self.sent(listener, "--", "a", "--json")["message"], "--json")
        environment = {**self.environment, "LC_ALL": "C"}
        self.assertEqual(self.sent(listener, "a", "群組", env=environment)["message"], "群組")

    def test_send_standard_input(self):
        listener = self.listen("a")
        for text, message in (("", ""), ("x", "x"), ("x\n", "x"), ("x\n\n", "x\n"), ("\n", ""),
                              ("群組\n", "群組")):
            with self.subTest(text):
                self.assertEqual(self.sent(listener, "a", "-", text=text)["message"], message)

    def test_send_bad_input(self):
        for text in (b"\xff", b"a\0b"):
            self.assertIn("UTF-8", self.run_ctl("send", "a", "-", status=1, text=text))
        self.assertIn("1048576", self.run_ctl("send", "a", "-", status=1, text="x" * (MIB + 1)))
        with open(self.directory + "/written", "wb") as unreadable:
            self.assertIn("standard input",
                          self.run_ctl("send", "a", "-", status=1, stdin=unreadable))

    def test_send_event(self):
        listener = self.listen("a")
        event = {"type": "job.done", "id": 7, "deep": [1.5, True, None, {"x": "群"}]}
        self.assertEqual(self.sent(listener, "--json", "a", json.dumps(event)), event)
        self.assertEqual(self.sent(listener, "a", "-", "--json", text=json.dumps(event) + "\n"),
                         event)

    def test_send_bad_event(self):
        for event in ("", "x", "[]", "{}", '{"type": 1}', '{"type": "a"', "[" * 100000):
            with self.subTest(event[:20]):
                self.assertIn("JSON", self.run_ctl("send", "--json", "a", event, status=1))

    def test_invalid_name(self):
        for arguments in (["send", "a b", "x"], ["listen", "a b"], ["members", "a b"],
                          ["send", "", "x"], ["send", "x" * 100, "x"]):
            with self.subTest(arguments):
                self.assertIn("not a valid name", self.run_ctl(*arguments, status=1))

    def test_groups(self):
        self.assertEqual(self.run_ctl("groups"), "Group  Members\n")
        self.assertEqual(json.loads(self.run_ctl("groups", "--json")), [])
        self.listen("a", "chat_long_name")
        self.assertEqual(self.run_ctl("groups"), "Group           Members\n"
                                                 "a                     1\n"
                                                 "chat_long_name        1\n")
        self.assertEqual(json.loads(self.run_ctl("groups", "--json")),
                         [{"group": "a", "members": 1}, {"group": "chat_long_name", "members": 1}])

    def test_members(self):
        self.assertEqual(json.loads(self.run_ctl("members", "--json", "a")), [])
        self.listen("a")
        self.assertRegex(self.run_ctl("members", "a"),
                         r"^Channel +Kind +Joined\n\S+  bus +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$")
        [member] = json.loads(self.run_ctl("members", "--json", "a"))
        self.assertEqual(member["kind"], "bus")
        self.assertIsInstance(member["joined"], int)

    def test_status(self):
        status = json.loads(self.run_ctl("status", "--json"))
        self.assertEqual(list(status), ["version", "url", "websocket_url", "layer", "layer_state",
                                        "connections"])
        self.assertEqual(status["layer_state"], "up")
        table = self.run_ctl("status")
        self.assertEqual([line.split(": ")[0] for line in table.splitlines()],
                         ["Version", "Page", "WebSocket", "Layer", "Layer state", "Connections"])
        for value in status.values():
            self.assertIn(f" {value}\n", table)

    def test_ticket(self):
        arguments = ["ticket", "--origin", "https://example.org", "chat_a"]
        self.assertTrue(self.run_ctl(*arguments).startswith("ws://"))
        ticket = json.loads(self.run_ctl(*arguments, "--json", "--seconds", "300"))
        self.assertEqual(list(ticket), ["ticket", "url"])

    def test_open_without_browser(self):
        self.assertIn("no web browser", self.run_ctl("open", status=1))
        self.assertIn("chat_ROOM", self.run_ctl("open", "other", status=1))
        self.assertIn("chat_ROOM", self.run_ctl("open", "chat_", status=1))

    def test_open(self):
        pipe = self.directory + "/opened"
        os.mkfifo(pipe)
        browser = self.write("browser", f'#!/bin/sh\nprintf "%s\\n" "$1" >{pipe}\n')
        os.chmod(browser, 0o700)
        self.write("data/applications/browser.desktop",
                   f"[Desktop Entry]\nType=Application\nName=Browser\nExec={browser} %u\n"
                   "MimeType=x-scheme-handler/http;\n")
        self.write("config/mimeapps.list",
                   "[Default Applications]\nx-scheme-handler/http=browser.desktop\n")
        # Opened for writing too, so that it has no end between two browsers.
        reader = Reader(os.fdopen(os.open(pipe, os.O_RDWR | os.O_NONBLOCK), "r+b", buffering=0))
        self.addCleanup(reader.close)
        url = json.loads(self.run_ctl("status", "--json"))["url"]
        self.run_ctl("open")
        self.assertEqual(reader.line(), url)
        self.run_ctl("open", "chat_my.room-1")
        self.assertEqual(reader.line(), url + "#my.room-1")
        self.assertEqual(json.loads(self.run_ctl("open", "--json", "chat_a")), {"url": url + "#a"})
        self.assertEqual(reader.line(), url + "#a")
        # Only what is opened from here on is read.
        self.assertEqual(self.run_ctl("open", "--print", "chat_b"), url + "#b\n")
        self.run_ctl("open", "chat_c")
        self.assertEqual(reader.line(), url + "#c")

    def test_open_print(self):
        url = json.loads(self.run_ctl("status", "--json"))["url"]
        self.assertEqual(self.run_ctl("open", "--print"), url + "\n")
        self.assertEqual(self.run_ctl("open", "--print", "chat_b"), url + "#b\n")
        self.assertEqual(json.loads(self.run_ctl("open", "--print", "--json")), {"url": url})
        self.assertIn("chat_ROOM", self.run_ctl("open", "--print", "other", status=1))

    def test_disconnect_nobody(self):
        self.assertIn("no such channel", self.run_ctl("disconnect", "nobody", status=1))

    def test_listen_many(self):
        listener = self.listen("a", "b")
        for group in ("a", "b", "a"):
            self.run_ctl("send", group, "x")
            self.assertEqual(json.loads(listener.out.line())["group"], group)

    def test_listen_escapes(self):
        listener = self.listen("a")
        self.run_ctl("send", "a", "\x1b\u007f\u009b")
        line = listener.out.line()
        self.assertTrue(line.isprintable(), line)
        self.assertEqual(json.loads(line)["event"]["message"], "\x1b\u007f\u009b")

    def test_listen_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            listener = self.listen(f"group-{int(number)}")
            listener.send_signal(number)
            self.assert_ends(listener)

    def test_listen_reader_goes(self):
        listener = self.listen("a")
        listener.out.close()
        self.assert_ends(listener)
        self.assertEqual(os.read(listener.stderr.fileno(), 1), b"")

    def test_listen_full_disk(self):
        with open("/dev/full", "wb") as full:
            listener = self.listen("a", stdout=full)
        self.run_ctl("send", "a", "x")
        self.assert_ends(listener, 1)
        self.assertIn("standard output", listener.err.line())

    def test_listen_blocked(self):
        """Signals are heard while nobody reads."""
        listener = self.listen("a")
        for _ in range(4):
            self.run_ctl("send", "a", "-", text="x" * (MIB // 2))
        listener.out.line()
        listener.terminate()
        self.assert_ends(listener)

    def test_listen_service_restarts(self):
        listener = self.listen("a", "b")
        service = self.service_pid()
        os.kill(service, signal.SIGTERM)
        self.assertIn("has gone", listener.err.line())
        self.run_ctl("groups")  # the bus starts it again
        self.assertIn("is back", listener.err.line())
        self.wait_for_member("a")
        self.wait_for_member("b")
        self.run_ctl("send", "b", "again")
        self.assertEqual(json.loads(listener.out.line())["event"]["message"], "again")

    def test_listen_bus_ends(self):
        listener = self.listen("a")
        self.bus.terminate()
        reports = listener.stderr.read().decode()
        self.assert_ends(listener, 1)
        self.assertIn("session bus is gone", reports)


class FakeTest(Test):
    """What a real service does not do on demand."""

    def test_errors(self):
        for name, words in (("InvalidEvent", "event cannot be sent"), ("MessageTooBig", "too big"),
                            ("ChannelFull", "full"), ("LayerUnavailable", "layer is down"),
                            ("NotAllowed", "not allowed"), ("Unheard", "refused")):
            with self.subTest(name):
                errors = self.run_ctl("send", f"error.{name}", "x", status=1)
                self.assertEqual(errors.count("the test asked for it"), 1)
                self.assertIn(words, errors)
                self.assertNotIn("GDBus", errors)
                self.assertNotIn("org.example", errors)

    def test_no_answer(self):
        self.assertIn("without an answer", self.run_ctl("send", "exit", "x", status=1))

    def test_plural(self):
        self.listen("a", "b")
        self.listen("a")
        end = time.monotonic() + DEADLINE
        while len(self.call("ListMembers", "a", signature="(s)")[0]) < 2:
            self.assertLess(time.monotonic(), end)
        self.assertIn("(2 receivers, 0 remotes)", self.run_ctl("send", "a", "x"))

    def test_members(self):
        self.assertEqual(self.run_ctl("members", "full"),
                         "Channel       Kind       Joined\n"
                         "specific.a!1  websocket  2023-11-14 22:13:20\n"
                         "b\\u001b       bus        1970-01-01 00:00:00\n")
        self.assertEqual(json.loads(self.run_ctl("members", "full", "--json"))[0],
                         {"channel": "specific.a!1", "kind": "websocket",
                          "joined": 1700000000123456})

    def test_ticket_arguments(self):
        self.assertIn("groups=a,b&origin=http://x&seconds=0\n",
                      self.run_ctl("ticket", "--origin", "http://x", "a", "b"))
        self.assertIn("groups=a&origin=http://x&seconds=300\n",
                      self.run_ctl("ticket", "a", "--origin=http://x", "--seconds=300"))

    def test_disconnect(self):
        listener = self.listen("disconnected")
        for arguments, code, reason in ((["x"], 1000, ""),
                                        (["x", "--code", "4999", "--reason", "群組"], 4999, "群組")):
            self.assertEqual(self.run_ctl("disconnect", *arguments), "")
            self.assertEqual(json.loads(listener.out.line())["event"],
                             {"type": "test", "channel": "x", "code": code, "reason": reason})

    def test_listen_leaves_out(self):
        listener = self.listen("a")
        self.send_event("a", x=GLib.Variant("ay", b"\xff"))
        self.send_event("a", x=GLib.Variant("d", float("nan")))
        self.send_event("a", x=GLib.Variant("s", "said"))
        for _ in range(2):
            self.assertIn("left out an event of a", listener.err.line())
        self.assertEqual(json.loads(listener.out.line())["event"]["x"], "said")

    def test_listen_slow_reader(self):
        listener = self.listen("a")
        for _ in range(20):
            self.send_event("a", x=GLib.Variant("s", "x" * (MIB - 100)))
        self.assertIn("standard output", listener.err.line())
        self.assert_ends(listener, 1)


def load_tests(loader, _tests, _pattern):
    cases = [UsageTest, CommandTest] + ([FakeTest] if KIND == "fake" else [])
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)


unittest.main(argv=sys.argv[:1], verbosity=2)
