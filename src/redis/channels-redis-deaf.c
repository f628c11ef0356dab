/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-deaf.h"

/* Nodes that are remembered; with more, all are waited for anew. */
#define NODES_MAX 64

/**
 * channels_redis_deaf_new:
 *
 * Returns: (transfer full): no nodes
 */
ChannelsRedisDeaf *
channels_redis_deaf_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * channels_redis_deaf_free:
 * @self: the nodes that are deaf
 */
void
channels_redis_deaf_free (ChannelsRedisDeaf *self)
{
  g_hash_table_unref (self);
}

/**
 * channels_redis_deaf_add:
 * @self: the nodes that are deaf
 * @names: an array with the names of further ones
 */
void
channels_redis_deaf_add (ChannelsRedisDeaf *self, const ChannelsRedisReply *names)
{
  if (g_hash_table_size (self) + names->elements > NODES_MAX)
    g_hash_table_remove_all (self);

  for (gsize i = 0; i < names->elements; i++)
    {
      if (names->element[i]->type == REDIS_REPLY_STRING)
        g_hash_table_add (self, g_strdup (names->element[i]->str));
    }
}

/**
 * channels_redis_deaf_remove:
 * @self: the nodes that are deaf
 * @names: an array with the names of those that are not any more
 */
void
channels_redis_deaf_remove (ChannelsRedisDeaf *self, const ChannelsRedisReply *names)
{
  for (gsize i = 0; i < names->elements; i++)
    {
      if (names->element[i]->type == REDIS_REPLY_STRING)
        g_hash_table_remove (self, names->element[i]->str);
    }
}

/**
 * channels_redis_deaf_join:
 * @self: the nodes that are deaf
 *
 * Returns: (transfer full): their names, a space behind each
 */
char *
channels_redis_deaf_join (ChannelsRedisDeaf *self)
{
  GString *names = g_string_new (NULL);
  GHashTableIter iter;
  const char *name;

  g_hash_table_iter_init (&iter, self);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    g_string_append_printf (names, "%s ", name);

  return g_string_free (names, FALSE);
}
