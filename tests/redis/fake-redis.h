/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a #FakeRedis does when it is sent a whole command. */
typedef struct
{
  const char *verb;  /* the command's first word; `NULL` ends a script */
  const char *reply; /* (nullable): the bytes that are sent; `NULL` for silence */
  gsize length;      /* bytes of @reply; 0: it ends with a NUL */
  gboolean bytewise; /* each byte is sent by itself */
  gboolean hang_up;  /* the connection is closed behind the reply */
} FakeReply;

/* Something in the test's own process that answers as a Redis might, on a port of 127.0.0.1, in
 * the default main context. What its script does not name is answered with +OK; a script may be
 * changed at any time. */
typedef struct
{
  GSocketService *service; /* (owned) */
  guint16 port;
  const FakeReply *script; /* (unowned) */
  GPtrArray *clients;      /* (element-type FakeClient) (owned): those that are connected */
  GPtrArray *commands;     /* (element-type utf8) (owned): received, words joined by spaces */
  guint n_connections;     /* that were ever made */
} FakeRedis;

FakeRedis *fake_redis_new (const FakeReply *script);

void fake_redis_free (FakeRedis *self);

/* Sends bytes that nobody asked for to all clients. */
void fake_redis_say (FakeRedis *self, const char *text);

/* Its address: (transfer full). */
char *fake_redis_get_url (FakeRedis *self);

/* How often @command, its words joined by spaces, was received. */
guint fake_redis_count (FakeRedis *self, const char *command);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeRedis, fake_redis_free)

G_END_DECLS
