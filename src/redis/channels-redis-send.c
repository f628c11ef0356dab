/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-send.h"

#include "channels-error.h"
#include "channels-redis-timer.h"

/**
 * ChannelsRedisSend:
 *
 * One event on its way, by one or more commands to one or more hosts: its parts. It ends with the
 * last of them. Whoever waits is told then, or as soon as they wait no more; holds a reference to
 * the layer until the end.
 */
struct _ChannelsRedisSend
{
  ChannelsLayer *layer; /* (owned) */
  GTask *task;          /* (owned) (nullable): `NULL` where nobody waits, or no longer */
  GSource *cancel;      /* (owned) (nullable): of the task's cancellable */
  guint parts;          /* that have not ended */
  guint remotes;        /* of those that have */
  GError *error;        /* (owned) (nullable): the first */
};

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  ChannelsRedisSend *self = g_task_get_task_data (user_data);
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  channels_redis_timer_clear (&self->cancel);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/**
 * channels_redis_send_begin:
 * @layer: the layer that sends
 * @cancellable: (nullable): ends the waiting
 * @callback: (nullable): called at the end
 * @user_data: (closure): passed to @callback
 *
 * Begins a send. Where a host is away, whoever needs it hears of it by the command's error.
 *
 * Returns: (transfer full): a send with one part, which channels_redis_send_end_part() ends; it
 * frees itself with the last
 */
ChannelsRedisSend *
channels_redis_send_begin (ChannelsLayer *layer,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  ChannelsRedisSend *self = g_new0 (ChannelsRedisSend, 1);

  self->layer = g_object_ref (layer);
  self->parts = 1;
  if (callback == NULL)
    return self;

  self->task = g_task_new (layer, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, channels_redis_send_begin);
  g_task_set_task_data (self->task, self, NULL);
  if (cancellable != NULL)
    {
      self->cancel = g_cancellable_source_new (cancellable);
      g_task_attach_source (self->task, self->cancel, G_SOURCE_FUNC (on_cancelled));
    }

  return self;
}

/**
 * channels_redis_send_begin_part:
 * @self: a send
 *
 * There is one more part to wait for.
 */
void
channels_redis_send_begin_part (ChannelsRedisSend *self)
{
  self->parts++;
}

/* What Redis has against a send is an outage to whoever sent; the layer's own words are not. */
static GError *
translate (const GError *error)
{
  if (error->domain == CHANNELS_ERROR || error->domain == G_IO_ERROR)
    return g_error_copy (error);

  return g_error_new (CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE, "Redis: %s",
                      error->message);
}

/**
 * channels_redis_send_end_part:
 * @self: (transfer full): a send, freed if this was its last part
 * @remotes: how many nodes took it, if @error is `NULL`
 * @error: (nullable): why this part failed
 *
 * Ends a part. A send fails where nobody took the event and a part of it has failed; else what
 * counts is how many took it.
 */
void
channels_redis_send_end_part (ChannelsRedisSend *self, guint remotes, const GError *error)
{
  g_autoptr (ChannelsLayer) layer = NULL;
  g_autoptr (GTask) task = NULL;

  self->remotes += remotes;
  if (error != NULL && self->error == NULL)
    self->error = translate (error);
  if (--self->parts > 0)
    return;

  channels_redis_timer_clear (&self->cancel);
  layer = g_steal_pointer (&self->layer);
  task = g_steal_pointer (&self->task);
  if (task != NULL && self->error != NULL && self->remotes == 0)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else if (task != NULL)
    g_task_return_int (task, self->remotes);

  g_clear_error (&self->error);
  g_free (self);
}

/**
 * channels_redis_send_finish:
 * @layer: the layer that sent
 * @result: what the callback was given
 * @out_remotes: (out) (optional): how many other nodes took it
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: `TRUE` if it was handed over, `FALSE` with @error set otherwise
 */
gboolean
channels_redis_send_finish (ChannelsLayer *layer,
                            GAsyncResult *result,
                            guint *out_remotes,
                            GError **error)
{
  gssize remotes;

  g_return_val_if_fail (g_task_is_valid (result, layer), FALSE);

  remotes = g_task_propagate_int (G_TASK (result), error);
  if (remotes < 0)
    return FALSE;

  if (out_remotes != NULL)
    *out_remotes = remotes;
  return TRUE;
}
