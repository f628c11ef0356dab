/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-command.h"

#include "channels-redis-timer.h"

#include <string.h>

static GTask *
take_task (ChannelsRedisCommand *self)
{
  channels_redis_timer_clear (&self->cancel);

  return g_steal_pointer (&self->task);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *waiting = user_data;
  g_autoptr (GTask) task = take_task (g_task_get_task_data (waiting));

  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* How many answers there will be: one for each channel or pattern of a command that subscribes.
 * With @lengths no word need end with a NUL. */
static guint
count_replies (guint argc, const char *const *argv, const gsize *lengths)
{
  static const char *const many[] = { "SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE" };
  gsize length = lengths != NULL ? lengths[0] : strlen (argv[0]);

  for (guint i = 0; i < G_N_ELEMENTS (many) && argc > 1; i++)
    {
      if (length == strlen (many[i]) && memcmp (argv[0], many[i], length) == 0)
        return argc - 1;
    }

  return 1;
}

/*
 * channels_redis_command_new:
 * @argc: how many words the command has, > 0
 * @argv: (array length=argc): the words
 * @lengths: (array length=argc) (nullable): bytes of each; `NULL` where they end with a NUL
 * @task: (transfer full) (nullable): who waits; returns with an error as soon as its cancellable is
 * cancelled
 *
 * Returns: (transfer full): a command that is not due yet
 */
ChannelsRedisCommand *
channels_redis_command_new (guint argc, const char *const *argv, const gsize *lengths, GTask *task)
{
  ChannelsRedisCommand *self = g_new0 (ChannelsRedisCommand, 1);

  self->link.data = self;
  self->n_replies = count_replies (argc, argv, lengths);
  self->task = task;
  if (task != NULL && g_task_get_cancellable (task) != NULL)
    {
      self->cancel = g_cancellable_source_new (g_task_get_cancellable (task));
      g_task_set_task_data (task, self, NULL);
      g_task_attach_source (task, self->cancel, G_SOURCE_FUNC (on_cancelled));
    }

  return self;
}

/*
 * channels_redis_command_complete:
 * @self: (transfer full): a command
 * @reply: (transfer full) (nullable): the answer
 * @error: (nullable): or why there is none
 *
 * Ends the wait of whoever sent it, and the command.
 */
void
channels_redis_command_complete (ChannelsRedisCommand *self,
                                 ChannelsRedisReply *reply,
                                 const GError *error)
{
  g_autoptr (ChannelsRedisReply) owned = reply;
  g_autoptr (GTask) task = take_task (self);

  g_free (self);
  if (task == NULL)
    return;

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_pointer (task, g_steal_pointer (&owned),
                           (GDestroyNotify) channels_redis_reply_free);
}
