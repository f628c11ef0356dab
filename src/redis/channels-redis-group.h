/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-settings.h"
#include "channels-redis-words.h"

G_BEGIN_DECLS

/**
 * CHANNELS_REDIS_STAND_IN:
 *
 * What our channel in a group begins with, behind the node's prefix, and no other channel of ours.
 * It says that the node reads bundles (#ChannelsRedisBundle).
 */
#define CHANNELS_REDIS_STAND_IN "groups-"

#define CHANNELS_REDIS_GROUPS_MAX 256 /* of one command: more, and Redis would stop for others */

/**
 * ChannelsRedisGroup:
 * @link: in whatever order they are kept
 * @name: the group's name
 * @key: of its members
 * @channel: ours in the group, see `channels-redis-group.c`
 * @host: index of the host that has it
 * @joined: Redis has been told that we are in it, and may have done so
 *
 * A group of the core layer that this node is in, or was.
 */
typedef struct
{
  GList link;
  char *name;    /* (owned) */
  char *key;     /* (owned) */
  char *channel; /* (owned) */
  guint host;
  gboolean joined;
} ChannelsRedisGroup;

ChannelsRedisGroup *channels_redis_group_new (const ChannelsRedisSettings *settings,
                                              const char *name);

void channels_redis_group_free (ChannelsRedisGroup *self);

gboolean channels_redis_group_is_stand_in (const ChannelsRedisSettings *settings,
                                           const char *channel);

gboolean channels_redis_group_reads_bundles (const char *member);

GList *channels_redis_groups_take (GPtrArray *batch, GList *link, guint host);

void
channels_redis_groups_make_join (ChannelsRedisWords *words, GPtrArray *groups, guint group_expiry);

void channels_redis_groups_make_leave (ChannelsRedisWords *words, GPtrArray *groups);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisGroup, channels_redis_group_free)

G_END_DECLS
