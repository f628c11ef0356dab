/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a Sentinel of a test calls its master. */
#define SENTINEL_MASTER "m"

/* A real Sentinel of the test's own, as quick as one can be made. */
typedef struct
{
  char *file; /* (owned): its configuration, which it rewrites */
  guint16 port;
  GSubprocess *process; /* (owned) (nullable): until it is killed */
} SentinelServer;

/* Starts one that watches the master at @port of 127.0.0.1. After @down_after ms of silence it
 * thinks it dead, and acts when @quorum Sentinels do; those that think so in the same moment
 * outvote each other. Waits until it listens. */
SentinelServer *sentinel_server_new (guint16 port, guint quorum, guint down_after);

void sentinel_server_free (SentinelServer *self);

/* Ends it by SIGKILL, and waits until it is gone. */
void sentinel_server_kill (SentinelServer *self);

/* Runs redis-cli at @port of 127.0.0.1, of a Sentinel or not: (transfer full). */
char *sentinel_server_ask (guint16 port, const char *command);

/* Waits until what redis-cli says to @command at @port has @word in it. */
void sentinel_server_wait_for (guint16 port, const char *command, const char *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentinelServer, sentinel_server_free)

G_END_DECLS
