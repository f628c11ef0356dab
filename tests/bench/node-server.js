// SPDX-FileCopyrightText: 2026 The Channels developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// A server of one group, as the manuals of ws and socket.io write it, without compression and
// pings.
// Usage: node node-server.js ws|socket.io

'use strict';

const http = require('http');

const server = http.createServer();
const neverMs = 2 ** 31 - 1;

if (process.argv[2] === 'ws') {
  const { WebSocketServer } = require('ws');
  const group = new WebSocketServer({ server, perMessageDeflate: false, skipUTF8Validation: true });

  group.on('connection', (tab) => {
    tab.on('message', (data) => {
      for (const member of group.clients) {
        member.send(data, { binary: false });
      }
    });
  });
} else {
  const { Server } = require('socket.io');
  const group = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    pingInterval: neverMs,
    serveClient: false,
  });

  group.on('connection', (tab) => {
    tab.on('message', (data) => group.emit('message', data));
  });
}

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log(`Listening on 127.0.0.1:${server.address().port}`);
});
