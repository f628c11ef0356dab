/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-fernet.h"
#include "channels-redis-address.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisSettings:
 * @hosts: (element-type ChannelsRedisAddress): one or more, in ring order
 * @node_prefix: what this node's channels begin with, up to and including the `!`
 * @prefix: what each key begins with
 * @expiry: seconds that a message is kept
 * @group_expiry: seconds that a membership is kept
 * @capacity: messages that a channel holds
 * @capacities: (element-type ChannelsRedisCapacity): exceptions, first match wins
 * @fernet: (nullable): the keys, where messages are encrypted
 *
 * What all nodes of a layer on Redis have to agree on, and the node's own name. It makes payloads
 * of events and takes them apart; see `channels-redis-settings.c`.
 */
typedef struct
{
  GPtrArray *hosts;  /* (owned) */
  char *node_prefix; /* (owned) */
  char *prefix;      /* (owned) */
  guint expiry;
  guint group_expiry;
  guint capacity;
  GPtrArray *capacities;  /* (owned) */
  ChannelsFernet *fernet; /* (owned) */
} ChannelsRedisSettings;

ChannelsRedisSettings *channels_redis_settings_new (const char *node_prefix, const char *prefix);

void channels_redis_settings_free (ChannelsRedisSettings *self);

void channels_redis_settings_add_host (ChannelsRedisSettings *self,
                                       const ChannelsRedisAddress *address);

void channels_redis_settings_add_capacity (ChannelsRedisSettings *self,
                                           const char *pattern,
                                           guint capacity);

void channels_redis_settings_add_secret (ChannelsRedisSettings *self, const char *secret);

char *channels_redis_settings_get_group_key (const ChannelsRedisSettings *self, const char *group);

char *channels_redis_settings_get_group_channel (const ChannelsRedisSettings *self,
                                                 const char *group);

char *channels_redis_settings_get_queue (const ChannelsRedisSettings *self);

guint channels_redis_settings_get_capacity (const ChannelsRedisSettings *self, const char *channel);

GBytes *channels_redis_settings_seal (const ChannelsRedisSettings *self,
                                      gboolean salted,
                                      GBytes *map,
                                      GError **error);

GBytes *channels_redis_settings_open (const ChannelsRedisSettings *self,
                                      gboolean salted,
                                      GBytes *payload,
                                      GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisSettings, channels_redis_settings_free)

G_END_DECLS
