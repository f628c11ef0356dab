#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Becomes a program that finds listening sockets where sd_listen_fds(3) looks for them.

    hand-over.py DESCRIPTOR,… PROGRAM ARGUMENT…
"""

import fcntl
import os
import sys

FIRST = 3

descriptors = [int(number) for number in sys.argv[1].split(',')]
# Out of the way of each other first.
high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100) for descriptor in descriptors]
for index, descriptor in enumerate(high):
    os.dup2(descriptor, FIRST + index)
    os.close(descriptor)
for descriptor in descriptors:
    if descriptor >= FIRST + len(high):
        os.close(descriptor)

os.environ['LISTEN_PID'] = str(os.getpid())
os.environ['LISTEN_FDS'] = str(len(high))
os.execv(sys.argv[2], sys.argv[2:])
