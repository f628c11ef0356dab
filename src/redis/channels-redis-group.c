/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-group.h"

#include "channels-redis-ring.h"

#include <string.h>

/* Our channel in a group stands for the group: it is the node's prefix, %CHANNELS_REDIS_STAND_IN,
 * and a digest of the group's name, so that whoever knows the prefix can take the node out of any
 * group. It has as many hexadecimal digits as Django's channels have. */
#define DIGITS 32

/* A key of another type is somebody else's, and spoils no other; what else is wrong is an answer,
 * and may end the connection: a replica is READONLY. */
#define RETURN_ERROR "not string.find(r.err, 'WRONGTYPE') then return r"

/* KEYS: groups; ARGV: seconds, score, the score of what is too old, a member for each. Returns the
 * last key that holds something else. */
static const char join_script[] = "local other = false\n"
                                  "for i = 1, #KEYS do\n"
                                  "  local r = redis.pcall('ZADD', KEYS[i], ARGV[2], ARGV[i + 3])\n"
                                  "  if type(r) == 'number' then\n"
                                  "    redis.call('EXPIRE', KEYS[i], ARGV[1])\n"
                                  "    redis.call('ZREMRANGEBYSCORE', KEYS[i], 0, ARGV[3])\n"
                                  "  elseif " RETURN_ERROR "\n"
                                  "  else other = KEYS[i] end\n"
                                  "end\n"
                                  "return other";

/* KEYS: groups; ARGV: a member for each. */
static const char leave_script[] = "for i = 1, #KEYS do\n"
                                   "  local r = redis.pcall('ZREM', KEYS[i], ARGV[i])\n"
                                   "  if type(r) == 'table' and " RETURN_ERROR " end\n"
                                   "end";

/**
 * channels_redis_group_new:
 * @settings: of the layer
 * @name: a group's name
 *
 * Returns: (transfer full): the group, which Redis does not know of
 */
ChannelsRedisGroup *
channels_redis_group_new (const ChannelsRedisSettings *settings, const char *name)
{
  ChannelsRedisGroup *self = g_new0 (ChannelsRedisGroup, 1);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);

  digest[DIGITS] = '\0';
  self->link.data = self;
  self->name = g_strdup (name);
  self->key = channels_redis_settings_get_group_key (settings, name);
  self->channel = g_strconcat (settings->node_prefix, CHANNELS_REDIS_STAND_IN, digest, NULL);
  self->host = channels_redis_ring_find (name, settings->hosts->len);

  return self;
}

/**
 * channels_redis_group_free:
 * @self: (transfer full): a group
 */
void
channels_redis_group_free (ChannelsRedisGroup *self)
{
  g_free (self->name);
  g_free (self->key);
  g_free (self->channel);
  g_free (self);
}

/**
 * channels_redis_group_is_stand_in:
 * @settings: of the layer
 * @channel: a channel's name, from anywhere
 *
 * Returns: whether it stands for a group on this node, which the node may not be in
 */
gboolean
channels_redis_group_is_stand_in (const ChannelsRedisSettings *settings, const char *channel)
{
  return g_str_has_prefix (channel, settings->node_prefix) &&
         g_str_has_prefix (channel + strlen (settings->node_prefix), CHANNELS_REDIS_STAND_IN);
}

/**
 * channels_redis_group_reads_bundles:
 * @member: a member of a group, the only one of its node
 *
 * Returns: whether it is a stand-in of a node of ours, to which events can be sent as
 * #ChannelsRedisBundle
 */
gboolean
channels_redis_group_reads_bundles (const char *member)
{
  const char *mark = strchr (member, '!');

  return mark != NULL && g_str_has_prefix (mark + 1, CHANNELS_REDIS_STAND_IN);
}

/**
 * channels_redis_groups_take:
 * @batch: (element-type ChannelsRedisGroup): filled with groups, anew
 * @link: (nullable): the link of a group
 * @host: index of a host
 *
 * Fills @batch with the next groups of @host, from @link on: as many as one command may have.
 *
 * Returns: (nullable): the link to go on with; `NULL` when there are no more
 */
GList *
channels_redis_groups_take (GPtrArray *batch, GList *link, guint host)
{
  g_ptr_array_set_size (batch, 0);
  for (; link != NULL && batch->len < CHANNELS_REDIS_GROUPS_MAX; link = link->next)
    {
      ChannelsRedisGroup *group = link->data;

      if (group->host == host)
        g_ptr_array_add (batch, group);
    }

  return link;
}

static void
add_keys (ChannelsRedisWords *words, const char *script, GPtrArray *groups)
{
  channels_redis_words_init (words, "EVAL");
  channels_redis_words_add (words, script);
  channels_redis_words_add_uint (words, groups->len);
  for (guint i = 0; i < groups->len; i++)
    channels_redis_words_add (words, ((ChannelsRedisGroup *) g_ptr_array_index (groups, i))->key);
}

static void
add_channels (ChannelsRedisWords *words, GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++)
    channels_redis_words_add (words,
                              ((ChannelsRedisGroup *) g_ptr_array_index (groups, i))->channel);
}

/**
 * channels_redis_groups_make_join:
 * @words: uninitialised memory: the command that joins them, or joins them again, and removes
 * whoever has not for too long
 * @groups: (element-type ChannelsRedisGroup): of one host
 * @group_expiry: seconds that Redis keeps a group for
 */
void
channels_redis_groups_make_join (ChannelsRedisWords *words, GPtrArray *groups, guint group_expiry)
{
  add_keys (words, join_script, groups);
  channels_redis_words_add_uint (words, group_expiry);
  channels_redis_words_add_time (words, g_get_real_time ());
  channels_redis_words_add_too_old (words, "", group_expiry);
  add_channels (words, groups);
}

/**
 * channels_redis_groups_make_leave:
 * @words: uninitialised memory: the command that leaves them
 * @groups: (element-type ChannelsRedisGroup): of one host
 */
void
channels_redis_groups_make_leave (ChannelsRedisWords *words, GPtrArray *groups)
{
  add_keys (words, leave_script, groups);
  add_channels (words, groups);
}
