/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "recorders.h"

#include "channels-error.h"
#include "channels-names.h"

static void layer_iface_init (ChannelsLayerInterface *iface);
static void member_iface_init (ChannelsMemberInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (RecordingLayer,
                               recording_layer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_LAYER, layer_iface_init))

G_DEFINE_FINAL_TYPE_WITH_CODE (RecordingMember,
                               recording_member,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_MEMBER, member_iface_init))

static void
layer_join (ChannelsLayer *layer, const char *group)
{
  g_string_append_printf (RECORDING_LAYER (layer)->journal, "layer joins %s\n", group);
}

static void
layer_leave (ChannelsLayer *layer, const char *group)
{
  g_string_append_printf (RECORDING_LAYER (layer)->journal, "layer leaves %s\n", group);
}

static void
layer_set_held (ChannelsLayer *layer, gboolean held)
{
  g_string_append_printf (RECORDING_LAYER (layer)->journal, "layer %s\n",
                          held ? "waits" : "goes on");
}

static void
layer_send (ChannelsLayer *layer,
            const char *name,
            ChannelsEvent *event,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  RecordingLayer *self = RECORDING_LAYER (layer);
  g_autoptr (GTask) task = g_task_new (layer, cancellable, callback, user_data);

  g_string_append_printf (self->journal, "layer sends %s to %s\n",
                          channels_event_get_event_type (event), name);

  if (self->error >= 0)
    g_task_return_new_error (task, CHANNELS_ERROR, self->error, "as the test wants it");
  else
    g_task_return_int (task, self->remotes);
}

static gboolean
layer_send_finish (ChannelsLayer *layer, GAsyncResult *result, guint *out_remotes, GError **error)
{
  gssize remotes = g_task_propagate_int (G_TASK (result), error);

  if (remotes < 0)
    return FALSE;

  if (out_remotes != NULL)
    *out_remotes = (guint) remotes;
  return TRUE;
}

static void
layer_iface_init (ChannelsLayerInterface *iface)
{
  iface->join = layer_join;
  iface->leave = layer_leave;
  iface->set_held = layer_set_held;
  iface->send_to_group = layer_send;
  iface->send_to_channel = layer_send;
  iface->send_finish = layer_send_finish;
}

static void
recording_layer_class_init (RecordingLayerClass *klass)
{
}

static void
recording_layer_init (RecordingLayer *self)
{
  self->error = -1;
}

ChannelsLayer *
recording_layer_new (GString *journal)
{
  RecordingLayer *self = g_object_new (RECORDING_TYPE_LAYER, NULL);

  self->journal = journal;

  return CHANNELS_LAYER (self);
}

static guint
member_deliver (ChannelsMember *member, const char *group, ChannelsEvent *event)
{
  RecordingMember *self = RECORDING_MEMBER (member);

  g_string_append_printf (self->journal, "%s gets %s by %s\n", self->name,
                          channels_event_get_event_type (event), group != NULL ? group : "channel");

  return self->size;
}

static gboolean
member_when_ready (ChannelsMember *member, ChannelsMemberReadyFunc func, gpointer user_data)
{
  RecordingMember *self = RECORDING_MEMBER (member);

  if (!self->busy)
    return FALSE;

  g_assert_null (self->ready);
  self->ready = func;
  self->ready_data = user_data;
  return TRUE;
}

void
recording_member_become_ready (RecordingMember *self)
{
  ChannelsMemberReadyFunc ready = g_steal_pointer (&self->ready);

  self->busy = FALSE;
  if (ready != NULL)
    ready (self->ready_data);
}

static guint
member_get_size (ChannelsMember *member, const char *group)
{
  return RECORDING_MEMBER (member)->size;
}

static void
member_list (ChannelsMember *member, const char *group, ChannelsMemberFunc func, gpointer user_data)
{
  RecordingMember *self = RECORDING_MEMBER (member);

  for (guint i = 0; i < self->size; i++)
    func (self->name, CHANNELS_KIND_WEBSOCKET, i, user_data);
}

static gboolean
member_disconnect (ChannelsMember *member, guint16 code, const char *reason, GError **error)
{
  RecordingMember *self = RECORDING_MEMBER (member);

  if (self->stays)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED, "%s stays", self->name);
      return FALSE;
    }

  g_string_append_printf (self->journal, "%s is closed with %u: %s\n", self->name, code, reason);
  return TRUE;
}

static void
member_iface_init (ChannelsMemberInterface *iface)
{
  iface->deliver = member_deliver;
  iface->when_ready = member_when_ready;
  iface->get_size = member_get_size;
  iface->list = member_list;
  iface->disconnect = member_disconnect;
}

static void
recording_member_finalize (GObject *object)
{
  g_free (RECORDING_MEMBER (object)->name);

  G_OBJECT_CLASS (recording_member_parent_class)->finalize (object);
}

static void
recording_member_class_init (RecordingMemberClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = recording_member_finalize;
}

static void
recording_member_init (RecordingMember *self)
{
  self->size = 1;
}

RecordingMember *
recording_member_new (GString *journal, const char *name)
{
  RecordingMember *self = g_object_new (RECORDING_TYPE_MEMBER, NULL);

  self->journal = journal;
  self->name = g_strdup (name);

  return self;
}
