/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlRedis:
 * @host: (nullable): as in a URL, an IPv6 address in brackets; `NULL` for `localhost`
 * @port: of @host; 0 where nobody said
 * @path: (nullable): of a Unix socket, absolute
 * @sentinels: (nullable) (element-type utf8): HOST:PORT of each
 * @master: (nullable): under which the Sentinels know the server
 * @user: (nullable): empty is none
 * @password: (nullable): empty is none
 * @database: -1 where nobody said
 * @tls: whether TCP goes through TLS
 * @ca_file: (nullable): the authorities that are trusted
 *
 * Where a Redis is, in the making: an item of `Hosts=`.
 */
typedef struct
{
  char *host; /* (owned) */
  gint64 port;
  char *path;           /* (owned) */
  GPtrArray *sentinels; /* (owned) */
  char *master;         /* (owned) */
  char *user;           /* (owned) */
  char *password;       /* (owned) */
  gint64 database;
  gboolean tls;
  char *ca_file; /* (owned) */
} ChannelsCtlRedis;

void channels_ctl_redis_clear (ChannelsCtlRedis *self);

char *channels_ctl_redis_quote_host (const char *host);

gboolean channels_ctl_redis_has_password (const ChannelsCtlRedis *self);

char *channels_ctl_redis_to_url (const ChannelsCtlRedis *self, const char *name, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsCtlRedis, channels_ctl_redis_clear)

G_END_DECLS
