/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-parting.h"

/* A layer is left, within a time: other hosts may not answer any more. */

/* How long the layer may take to leave its groups: with the server's stop it stays below 2 s. */
#define PARTING_MS 400

typedef struct
{
  GTask *task;               /* (owned) */
  GCancellable *cancellable; /* (owned): ends it where it takes too long */
  guint timeout_id;          /* source; 0: it has taken too long */
} Parting;

static void
on_timeout (gpointer user_data)
{
  Parting *self = user_data;

  self->timeout_id = 0;
  g_cancellable_cancel (self->cancellable);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Parting *self = user_data;
  GError *error = NULL;

  if (channels_layer_stop_finish (CHANNELS_LAYER (source), result, &error))
    g_task_return_boolean (self->task, TRUE);
  else
    g_task_return_error (self->task, error);

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_object_unref (self->cancellable);
  g_object_unref (self->task);
  g_free (self);
}

/**
 * channels_parting_begin:
 * @layer: a layer, which is not used after that
 * @callback: (scope async): called when it has let go
 * @user_data: (closure): passed to @callback
 *
 * Leaves every group of a layer; what is not left soon enough is given up.
 */
void
channels_parting_begin (ChannelsLayer *layer, GAsyncReadyCallback callback, gpointer user_data)
{
  Parting *self = g_new0 (Parting, 1);

  self->task = g_task_new (layer, NULL, callback, user_data);
  g_task_set_source_tag (self->task, channels_parting_begin);
  self->cancellable = g_cancellable_new ();
  self->timeout_id = g_timeout_add_once (PARTING_MS, on_timeout, self);
  g_source_set_name_by_id (self->timeout_id, "[channels] layer's stop");
  channels_layer_stop (layer, self->cancellable, on_stopped, self);
}

/**
 * channels_parting_finish:
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_parting_begin(). Fails as channels_layer_stop_finish() does.
 *
 * Returns: `TRUE` if it was left in an orderly way, `FALSE` with @error set otherwise
 */
gboolean
channels_parting_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
