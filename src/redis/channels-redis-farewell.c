/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-farewell.h"

#include "channels-error.h"
#include "channels-redis-timer.h"

/**
 * ChannelsRedisFarewell:
 *
 * A layer's stop: the last commands, by which it leaves. When all are answered, have failed or are
 * waited for no more, its connections are closed and whoever waits is told.
 */
struct _ChannelsRedisFarewell
{
  GTask *task;                     /* (owned): its source object is the layer */
  GSource *cancel;                 /* (owned) (nullable): of the task's cancellable */
  ChannelsRedisFarewellFunc close; /* called with the layer */
  guint n_commands;                /* under way, and one while they are being sent */
  GError *error;                   /* (owned) (nullable): the first */
};

/* What is under way fails, and with that the farewell ends. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  ChannelsRedisFarewell *self = g_task_get_task_data (user_data);

  self->close (g_task_get_source_object (self->task));

  return G_SOURCE_REMOVE;
}

/**
 * channels_redis_farewell_begin:
 * @layer: the layer that stops
 * @close: closes its connections
 * @cancellable: (nullable): ends it at once
 * @callback: called at the end
 * @user_data: (closure): passed to @callback
 *
 * Returns: (transfer full): a farewell without commands, which channels_redis_farewell_end() ends;
 * it frees itself then
 */
ChannelsRedisFarewell *
channels_redis_farewell_begin (ChannelsLayer *layer,
                               ChannelsRedisFarewellFunc close,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChannelsRedisFarewell *self = g_new0 (ChannelsRedisFarewell, 1);

  self->task = g_task_new (layer, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, channels_redis_farewell_begin);
  g_task_set_task_data (self->task, self, NULL);
  self->close = close;
  self->n_commands = 1;
  if (cancellable != NULL)
    {
      self->cancel = g_cancellable_source_new (cancellable);
      g_task_attach_source (self->task, self->cancel, G_SOURCE_FUNC (on_cancelled));
    }

  return self;
}

static void
end_command (ChannelsRedisFarewell *self, const GError *error)
{
  g_autoptr (GTask) task = NULL;

  if (error != NULL && self->error == NULL)
    self->error = g_error_copy (error);
  if (--self->n_commands > 0)
    return;

  task = g_steal_pointer (&self->task);
  channels_redis_timer_clear (&self->cancel);
  self->close (g_task_get_source_object (task));
  if (self->error != NULL)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_boolean (task, TRUE);

  g_free (self);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  /* The script by which groups are left returns nil: no reply is an error, always. */
  end_command (user_data, reply == NULL ? error : NULL);
}

/**
 * channels_redis_farewell_send:
 * @self: a farewell
 * @words: a command
 * @connection: whereto
 *
 * Sends a last command.
 */
void
channels_redis_farewell_send (ChannelsRedisFarewell *self,
                              const ChannelsRedisWords *words,
                              ChannelsRedisConnection *connection)
{
  self->n_commands++;
  channels_redis_words_send (words, connection, answered_cb, self);
}

/**
 * channels_redis_farewell_fail:
 * @self: a farewell
 * @why: what this node leaves behind
 *
 * Whatever comes of the commands, it will have failed with `CHANNELS_ERROR_LAYER_UNAVAILABLE`.
 */
void
channels_redis_farewell_fail (ChannelsRedisFarewell *self, const char *why)
{
  if (self->error == NULL)
    self->error = g_error_new_literal (CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE, why);
}

/**
 * channels_redis_farewell_end:
 * @self: (transfer full): a farewell
 *
 * All has been said that is to be said.
 */
void
channels_redis_farewell_end (ChannelsRedisFarewell *self)
{
  end_command (self, NULL);
}

/**
 * channels_redis_farewell_finish:
 * @layer: the layer that stopped
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails as the first of the commands did that failed.
 *
 * Returns: `TRUE` if Redis knows that this node has gone, `FALSE` with @error set otherwise
 */
gboolean
channels_redis_farewell_finish (ChannelsLayer *layer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, layer), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
