/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fakes.h"

#include "channels-error.h"
#include "channels-names.h"

static void fake_layer_iface_init (ChannelsLayerInterface *iface);
static void fake_member_iface_init (ChannelsMemberInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeLayer,
                               fake_layer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_LAYER, fake_layer_iface_init))

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeMember,
                               fake_member,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_MEMBER, fake_member_iface_init))

static const char *
fake_layer_get_name (ChannelsLayer *layer)
{
  return "fake";
}

static ChannelsLayerState
fake_layer_get_state (ChannelsLayer *layer)
{
  return FAKE_LAYER (layer)->state;
}

static void
fake_layer_join (ChannelsLayer *layer, const char *group)
{
  FAKE_LAYER (layer)->joins++;
}

static void
fake_layer_leave (ChannelsLayer *layer, const char *group)
{
  FAKE_LAYER (layer)->leaves++;
}

static void
fake_layer_send (ChannelsLayer *layer,
                 const char *name,
                 ChannelsEvent *event,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  FakeLayer *self = FAKE_LAYER (layer);
  g_autoptr (GTask) task = g_task_new (layer, cancellable, callback, user_data);

  if (self->error >= 0)
    g_task_return_new_error (task, CHANNELS_ERROR, self->error, "as the test wants it");
  else
    g_task_return_int (task, self->remotes);
}

static gboolean
fake_layer_send_finish (ChannelsLayer *layer,
                        GAsyncResult *result,
                        guint *out_remotes,
                        GError **error)
{
  gssize remotes = g_task_propagate_int (G_TASK (result), error);

  if (remotes < 0)
    return FALSE;

  if (out_remotes != NULL)
    *out_remotes = (guint) remotes;
  return TRUE;
}

static void
fake_layer_class_init (FakeLayerClass *klass)
{
}

static void
fake_layer_init (FakeLayer *self)
{
  self->error = -1;
}

static void
fake_layer_iface_init (ChannelsLayerInterface *iface)
{
  iface->get_name = fake_layer_get_name;
  iface->get_state = fake_layer_get_state;
  iface->join = fake_layer_join;
  iface->leave = fake_layer_leave;
  iface->send_to_group = fake_layer_send;
  iface->send_to_channel = fake_layer_send;
  iface->send_finish = fake_layer_send_finish;
}

FakeLayer *
fake_layer_new (void)
{
  return g_object_new (FAKE_TYPE_LAYER, NULL);
}

void
fake_layer_set_state (FakeLayer *self, ChannelsLayerState state)
{
  self->state = state;
  channels_layer_emit_state_changed (CHANNELS_LAYER (self));
}

static guint
fake_member_deliver (ChannelsMember *member, const char *group, ChannelsEvent *event)
{
  g_ptr_array_add (FAKE_MEMBER (member)->events, channels_event_ref (event));

  return 1;
}

static gboolean
fake_member_when_ready (ChannelsMember *member, ChannelsMemberReadyFunc func, gpointer user_data)
{
  FakeMember *self = FAKE_MEMBER (member);

  if (!self->busy)
    return FALSE;

  self->ready = func;
  g_ptr_array_add (self->asking, user_data);

  return TRUE;
}

void
fake_member_be_ready (FakeMember *self)
{
  self->busy = FALSE;
  for (guint i = 0; i < self->asking->len; i++)
    self->ready (g_ptr_array_index (self->asking, i));
  g_ptr_array_set_size (self->asking, 0);
}

static guint
fake_member_get_size (ChannelsMember *member, const char *group)
{
  return 1;
}

static void
fake_member_list (ChannelsMember *member,
                  const char *group,
                  ChannelsMemberFunc func,
                  gpointer user_data)
{
  func (FAKE_MEMBER (member)->channel, CHANNELS_KIND_WEBSOCKET, FAKE_MEMBER_JOINED, user_data);
}

static gboolean
fake_member_disconnect (ChannelsMember *member, guint16 code, const char *reason, GError **error)
{
  FakeMember *self = FAKE_MEMBER (member);

  self->code = code;
  g_free (self->reason);
  self->reason = g_strdup (reason);

  return TRUE;
}

static void
fake_member_finalize (GObject *object)
{
  FakeMember *self = FAKE_MEMBER (object);

  g_ptr_array_unref (self->events);
  g_ptr_array_unref (self->asking);
  g_free (self->channel);
  g_free (self->reason);

  G_OBJECT_CLASS (fake_member_parent_class)->finalize (object);
}

static void
fake_member_class_init (FakeMemberClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_member_finalize;
}

static void
fake_member_init (FakeMember *self)
{
  self->events = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_event_unref);
  self->asking = g_ptr_array_new ();
}

static void
fake_member_iface_init (ChannelsMemberInterface *iface)
{
  iface->deliver = fake_member_deliver;
  iface->when_ready = fake_member_when_ready;
  iface->get_size = fake_member_get_size;
  iface->list = fake_member_list;
  iface->disconnect = fake_member_disconnect;
}

FakeMember *
fake_member_new (void)
{
  return g_object_new (FAKE_TYPE_MEMBER, NULL);
}

GVariant *
fake_member_get_event (FakeMember *self, guint index)
{
  g_assert_cmpuint (index, <, self->events->len);

  return channels_event_get_variant (g_ptr_array_index (self->events, index));
}
