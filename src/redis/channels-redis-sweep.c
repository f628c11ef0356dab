/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-sweep.h"

#include "channels-redis-words.h"

#include <string.h>

/* Keys that Redis looks at for one answer: others have their turn in between. */
#define COUNT "512"

/* What stands for itself in a key, and for something else in a pattern. */
#define SPECIAL "*?[]^-\\"

/**
 * ChannelsRedisSweep:
 *
 * Takes this node out of the groups of one host that it is not in. A node of the same name may have
 * been in them, and died: to find them all keys are looked at, a few hundred at a time. Once that
 * was done, there is nothing more to do.
 *
 * A command under way holds a reference.
 */
struct _ChannelsRedisSweep
{
  ChannelsRedisMembership *membership; /* (owned) */
  ChannelsRedisConnection *connection; /* (owned) */
  guint host;                          /* its index */
  char *pattern;                       /* (owned): of groups' keys */
  gsize head;                          /* bytes of a group's key that come before its name */
  gboolean running;
  gboolean done;
};

static void
sweep_clear (ChannelsRedisSweep *self)
{
  channels_redis_membership_unref (self->membership);
  g_object_unref (self->connection);
  g_free (self->pattern);
}

/**
 * channels_redis_sweep_make_pattern:
 * @key_head: what keys begin with
 *
 * Returns: (transfer full): the pattern, as for `SCAN`, of all keys that begin so
 */
char *
channels_redis_sweep_make_pattern (const char *key_head)
{
  GString *pattern = g_string_new (NULL);

  for (const char *p = key_head; *p != '\0'; p++)
    {
      if (strchr (SPECIAL, *p) != NULL)
        g_string_append_c (pattern, '\\');
      g_string_append_c (pattern, *p);
    }
  g_string_append_c (pattern, '*');

  return g_string_free (pattern, FALSE);
}

/**
 * channels_redis_sweep_new:
 * @settings: of the layer
 * @membership: the groups that are kept
 * @connection: for commands, to the host
 * @host: the host's index
 *
 * Returns: (transfer full): a sweep that is yet to be run
 */
ChannelsRedisSweep *
channels_redis_sweep_new (const ChannelsRedisSettings *settings,
                          ChannelsRedisMembership *membership,
                          ChannelsRedisConnection *connection,
                          guint host)
{
  ChannelsRedisSweep *self = g_rc_box_new0 (ChannelsRedisSweep);
  g_autofree char *key_head = channels_redis_settings_get_group_key (settings, "");

  self->membership = channels_redis_membership_ref (membership);
  self->connection = g_object_ref (connection);
  self->host = host;
  self->pattern = channels_redis_sweep_make_pattern (key_head);
  self->head = strlen (key_head);

  return self;
}

/**
 * channels_redis_sweep_unref:
 * @self: (transfer full): a sweep
 */
void
channels_redis_sweep_unref (ChannelsRedisSweep *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) sweep_clear);
}

static void scan (ChannelsRedisSweep *self, const char *cursor);

static void
sweep_groups (ChannelsRedisSweep *self, const ChannelsRedisReply *keys)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new ();

  for (gsize i = 0; i < keys->elements; i++)
    {
      const ChannelsRedisReply *key = keys->element[i];

      if (key->type == REDIS_REPLY_STRING && (gsize) key->len > self->head)
        g_ptr_array_add (groups, key->str + self->head);
    }

  channels_redis_membership_forget (self->membership, groups, self->host);
}

static void
scanned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisSweep) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  self->running = FALSE;
  if (reply == NULL)
    {
      g_message ("what a node that was killed has left in Redis stays there: %s", error->message);
      return;
    }

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
      reply->element[0]->type != REDIS_REPLY_STRING || reply->element[1]->type != REDIS_REPLY_ARRAY)
    return;

  sweep_groups (self, reply->element[1]);
  self->done = channels_redis_reply_is (reply->element[0], "0");
  if (!self->done)
    scan (self, reply->element[0]->str);
}

static void
scan (ChannelsRedisSweep *self, const char *cursor)
{
  g_auto (ChannelsRedisWords) words;

  self->running = TRUE;
  channels_redis_words_init (&words, "SCAN");
  channels_redis_words_add (&words, cursor);
  channels_redis_words_add (&words, "MATCH");
  channels_redis_words_add (&words, self->pattern);
  channels_redis_words_add (&words, "COUNT");
  channels_redis_words_add (&words, COUNT);
  channels_redis_words_send (&words, self->connection, scanned_cb, g_rc_box_acquire (self));
}

/**
 * channels_redis_sweep_run:
 * @self: a sweep whose host has come up
 *
 * Begins it, or begins it anew where an outage has ended it.
 */
void
channels_redis_sweep_run (ChannelsRedisSweep *self)
{
  if (!self->running && !self->done)
    scan (self, "0");
}

/**
 * channels_redis_sweep_is_done:
 * @self: a sweep
 *
 * Returns: whether there is nothing left to be looked at
 */
gboolean
channels_redis_sweep_is_done (const ChannelsRedisSweep *self)
{
  return self->done;
}
