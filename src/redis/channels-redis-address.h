/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsRedisAddressKind:
 * @CHANNELS_REDIS_ADDRESS_TCP: one host
 * @CHANNELS_REDIS_ADDRESS_UNIX: a socket in the file system
 * @CHANNELS_REDIS_ADDRESS_SENTINEL: Sentinels, who know the host
 */
typedef enum
{
  CHANNELS_REDIS_ADDRESS_TCP,
  CHANNELS_REDIS_ADDRESS_UNIX,
  CHANNELS_REDIS_ADDRESS_SENTINEL,
} ChannelsRedisAddressKind;

/**
 * ChannelsRedisHost:
 * @name: a host name or an IP address, without brackets
 * @port: 1 to 65535
 */
typedef struct
{
  char *name; /* (owned) */
  guint16 port;
} ChannelsRedisHost;

/**
 * ChannelsRedisAddress:
 * @kind: which of the following count
 * @hosts: (element-type ChannelsRedisHost): one for TCP, one or more for Sentinel, none else
 * @path: (nullable): of the Unix socket
 * @master_name: (nullable): under which the Sentinels know the master
 * @user: (nullable): for AUTH; `NULL` is Redis' default user
 * @password: (nullable): for AUTH; never to be shown
 * @database: for SELECT
 * @tls: whether TCP goes through TLS
 * @ca_file: (nullable): the authorities that are trusted; `NULL` for the system's
 * @display: the URL without user and password, to be shown
 *
 * Where a Redis is, and how to get in: one parsed URL. Never changed; see
 * `channels-redis-address.c`.
 */
typedef struct
{
  ChannelsRedisAddressKind kind;
  GPtrArray *hosts;  /* (owned) */
  char *path;        /* (owned) */
  char *master_name; /* (owned) */
  char *user;        /* (owned) */
  char *password;    /* (owned) */
  guint database;
  gboolean tls;
  char *ca_file; /* (owned) */
  char *display; /* (owned) */
} ChannelsRedisAddress;

ChannelsRedisAddress *channels_redis_address_parse (const char *url, GError **error);

ChannelsRedisAddress *channels_redis_address_ref (const ChannelsRedisAddress *self);

void channels_redis_address_unref (ChannelsRedisAddress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisAddress, channels_redis_address_unref)

G_END_DECLS
