# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""HTTP and WebSocket, byte by byte: for what well-behaved clients do not do.

    with Client(port) as client:
        client.upgrade('/ws/chat/')
        client.send_text('{"message": "hello"}')
        client.read_text()                        # '{"message": "hello"}'

Nothing is checked on the way out: masks, reserved bits, lengths and heads are
what the caller says.
"""

import contextlib
import os
import re
import socket
import struct

from channelsd import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xa

KEY = 'dGhlIHNhbXBsZSBub25jZQ=='  # of RFC 6455, section 1.3
ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

UPGRADE = (('Upgrade', 'websocket'), ('Connection', 'Upgrade'), ('Sec-WebSocket-Version', '13'),
           ('Sec-WebSocket-Key', KEY))


class Response:
    """The answer to a request: status, fields (by lower-case name) and body."""

    def __init__(self, head, body):
        status, *lines = head.decode('latin-1').split('\r\n')
        self.status = int(re.match(r'HTTP/1\.1 (\d{3}) ', status).group(1))
        self.fields = {name.lower(): value.strip()
                       for name, value in (line.split(':', 1) for line in lines)}
        self.body = body


def make_head(port, path, *fields, method='GET', host=None):
    """Returns a request's head with the fields given, as (name, value), behind its Host."""
    lines = [f'{method} {path} HTTP/1.1', f'Host: {host or f"127.0.0.1:{port}"}']
    lines += [f'{name}: {value}' for name, value in fields]
    return '\r\n'.join([*lines, '', '']).encode()


def make_frame(opcode, payload=b'', fin=True, reserved=0, masked=True, length=None, form=None):
    """Returns a frame.

    length: what its head says, where that is not the payload's
    form: bytes of the length's extension (0, 2 or 8), where that is not the shortest
    """
    if length is None:
        length = len(payload)
    if form is None:
        form = 0 if length < 126 else 2 if length < 1 << 16 else 8

    mark = {0: length, 2: 126, 8: 127}[form]
    frame = bytes([0x80 * fin | reserved << 4 | opcode, 0x80 * masked | mark])
    if form:
        frame += length.to_bytes(form, 'big')
    if masked:
        mask = os.urandom(4)
        whole = (mask * (len(payload) // 4 + 1))[:len(payload)]
        payload = (int.from_bytes(payload, 'big') ^
                   int.from_bytes(whole, 'big')).to_bytes(len(payload), 'big')
        frame += mask
    return frame + payload


class Client:
    """One connection to the service; a context manager that ends it.

    address: or the path of a Unix socket
    receive_buffer: bytes that the kernel may keep for a client that does not read
    """

    def __init__(self, port, address='127.0.0.1', receive_buffer=None):
        local = address.startswith('/')
        family = (socket.AF_UNIX if local else
                  socket.AF_INET6 if ':' in address else socket.AF_INET)
        self.port = port
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._received = b''
        try:
            self.socket.connect(address if local else (address, port))
        except BaseException:
            self.close()
            raise

    def send(self, data):
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def request(self, path, *fields, **options):
        """Sends a request as make_head () makes it, and returns the Response."""
        self.send(make_head(self.port, path, *fields, **options))
        return self.read_response()

    def upgrade(self, path='/ws/chat/', *fields, **options):
        """Becomes a WebSocket. Fails with ConnectionError where it is refused."""
        response = self.request(path, *UPGRADE, *fields, **options)
        if response.status != 101:
            raise ConnectionError(f'{response.status} {response.body}')
        assert response.fields['sec-websocket-accept'] == ACCEPT
        return response

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(f'the end, after {self._received[:100]!r}')
        self._received += data

    def _take(self, size):
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def read(self, size):
        """Reads so many bytes. Fails with EOFError where the end comes before them."""
        while len(self._received) < size:
            self._fill()
        return self._take(size)

    def read_response(self):
        """Reads the answer to a request."""
        while b'\r\n\r\n' not in self._received:
            self._fill()
        head = self._take(self._received.index(b'\r\n\r\n') + 4)[:-4]
        found = re.search(rb'(?i)\r\ncontent-length: *(\d+)', head)
        return Response(head, self.read(int(found.group(1))) if found else b'')

    def send_frame(self, *arguments, **options):
        """Sends a frame as make_frame () makes it."""
        self.send(make_frame(*arguments, **options))

    def send_text(self, text):
        """Sends a text message in one frame."""
        self.send_frame(TEXT, text.encode())

    def read_frame(self):
        """Reads a frame, and returns its opcode and payload."""
        first, second = self.read(2)
        assert first & 0x70 == 0 and second & 0x80 == 0, 'a bit is set that must not be'
        length = second & 0x7f
        if length >= 126:
            length = int.from_bytes(self.read(2 if length == 126 else 8), 'big')
        return first & 0x0f, self.read(length)

    def read_text(self):
        """Reads a text message."""
        opcode, payload = self.read_frame()
        assert opcode == TEXT, f'{payload[:100]!r} is no text, but {opcode}'
        return payload.decode()

    def read_close(self):
        """Reads until the close frame, past all others, answers it and returns its code."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == CLOSE:
                with contextlib.suppress(OSError):
                    self.send_frame(CLOSE, payload)
                return struct.unpack('>H', payload[:2])[0]

    def end(self):
        """Says that nothing more will come from here."""
        self.socket.shutdown(socket.SHUT_WR)

    def wait_for_end(self):
        """Reads and drops what comes until the service has ended the connection."""
        self._received = b''
        with contextlib.suppress(ConnectionResetError):
            while self.socket.recv(1 << 20):
                pass

    def close(self):
        """Ends the connection without a word; may be called again."""
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
