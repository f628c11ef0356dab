/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A real redis-server of the test's own, in a folder of its own, that is gone with it. */
typedef struct
{
  char *folder;         /* (owned) */
  char *socket;         /* (owned): path of its Unix socket */
  guint16 port;         /* of its TCP port; with TLS, of that */
  GStrv options;        /* (owned): behind the common ones, for each start */
  GSubprocess *process; /* (owned) (nullable): while it runs */
} RedisServer;

/* A port of 127.0.0.1 that nobody listens at. The kernel gives it to nobody else, as long as this
 * process lives; whoever binds with SO_REUSEADDR, as Redis does, may have it. */
guint16 redis_server_reserve_port (void);

/* Starts one, with further options up to `NULL`, and waits until it answers; on its TCP port too
 * unless the options begin with "--port". */
RedisServer *redis_server_new (const char *first_option, ...) G_GNUC_NULL_TERMINATED;

void redis_server_free (RedisServer *self);

/* Starts it again, on the same addresses, and waits until it listens. */
void redis_server_start (RedisServer *self);

/* Ends it by SIGKILL, and waits until it is gone. */
void redis_server_kill (RedisServer *self);

/* Runs redis-cli over the Unix socket, with words up to `NULL`: (transfer full). */
char *redis_server_cli (RedisServer *self, ...) G_GNUC_NULL_TERMINATED;

/* Puts words in front of a command that have it die with the test, however that ends: @argv
 * (element-type utf8) does not own them. */
void redis_server_add_launcher (GPtrArray *argv);

/* Waits until whatever was started by the test listens at @port of 127.0.0.1. */
void redis_server_wait_for_port (guint16 port);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisServer, redis_server_free)

G_END_DECLS
