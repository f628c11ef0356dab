/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-memory-layer.h"

#include "channels-error.h"

/**
 * ChannelsMemoryLayer:
 *
 * The layer of a node that is alone: there is nobody to carry anything to, so it needs no set-up
 * and is always up.
 */
struct _ChannelsMemoryLayer
{
  GObject parent_instance;
};

static void layer_iface_init (ChannelsLayerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsMemoryLayer,
                               channels_memory_layer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_LAYER, layer_iface_init))

static const char *
memory_layer_get_name (ChannelsLayer *layer)
{
  return "memory";
}

static ChannelsLayerState
memory_layer_get_state (ChannelsLayer *layer)
{
  return CHANNELS_LAYER_STATE_UP;
}

static gboolean
memory_layer_is_alone (ChannelsLayer *layer)
{
  return TRUE;
}

static void
memory_layer_join (ChannelsLayer *layer, const char *group)
{
}

static void
memory_layer_leave (ChannelsLayer *layer, const char *group)
{
}

static void
memory_layer_send_to_group (ChannelsLayer *layer,
                            const char *group,
                            ChannelsEvent *event,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  if (callback == NULL)
    return;

  task = g_task_new (layer, cancellable, callback, user_data);
  g_task_set_source_tag (task, memory_layer_send_to_group);
  g_task_return_boolean (task, TRUE);
}

static void
memory_layer_send_to_channel (ChannelsLayer *layer,
                              const char *channel,
                              ChannelsEvent *event,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_task_report_new_error (layer, callback, user_data, memory_layer_send_to_channel, CHANNELS_ERROR,
                           CHANNELS_ERROR_NO_SUCH_CHANNEL, "nobody has the channel “%s”", channel);
}

static gboolean
memory_layer_send_finish (ChannelsLayer *layer,
                          GAsyncResult *result,
                          guint *out_remotes,
                          GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, layer), FALSE);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;

  if (out_remotes != NULL)
    *out_remotes = 0;
  return TRUE;
}

static void
memory_layer_stop (ChannelsLayer *layer,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (layer, cancellable, callback, user_data);

  g_task_set_source_tag (task, memory_layer_stop);
  g_task_return_boolean (task, TRUE);
}

static gboolean
memory_layer_stop_finish (ChannelsLayer *layer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, layer), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
layer_iface_init (ChannelsLayerInterface *iface)
{
  iface->get_name = memory_layer_get_name;
  iface->get_state = memory_layer_get_state;
  iface->is_alone = memory_layer_is_alone;
  iface->join = memory_layer_join;
  iface->leave = memory_layer_leave;
  iface->send_to_group = memory_layer_send_to_group;
  iface->send_to_channel = memory_layer_send_to_channel;
  iface->send_finish = memory_layer_send_finish;
  iface->stop = memory_layer_stop;
  iface->stop_finish = memory_layer_stop_finish;
}

static void
channels_memory_layer_class_init (ChannelsMemoryLayerClass *klass)
{
}

static void
channels_memory_layer_init (ChannelsMemoryLayer *self)
{
}

/**
 * channels_memory_layer_new:
 *
 * Returns: (transfer full): a layer
 */
ChannelsLayer *
channels_memory_layer_new (void)
{
  return g_object_new (CHANNELS_TYPE_MEMORY_LAYER, NULL);
}
