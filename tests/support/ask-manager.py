#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the bus runs to have a manager.Manager start its service, as it asks systemd.

    ask-manager.py SOCKET
"""

import contextlib
import socket
import sys

# Where the manager is gone already, so is whoever has called.
with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
    asking.connect(sys.argv[1])
    asking.recv(1)  # the end: it is started
