# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A real redis-server for a test."""

import os
import subprocess
import tempfile

from channelsd import PATIENCE, end, wait_until


class Redis:
    """A real redis-server on a socket of its own; a context manager that ends it."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix='channels-redis-')
        self.path = os.path.join(self._directory.name, 'redis.sock')
        self._process = subprocess.Popen(
            ['redis-server', '--port', '0', '--unixsocket', self.path, '--save', '',
             '--dir', self._directory.name], stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(self.path), 'redis-server')
        self.url = f'unix://{self.path}?db=0'

    def keys(self):
        """Returns the names of all keys."""
        return subprocess.run(['redis-cli', '-s', self.path, '--raw', 'KEYS', '*'],
                              capture_output=True, text=True, timeout=PATIENCE,
                              check=True).stdout.split()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        end(self._process)
        self._directory.cleanup()
