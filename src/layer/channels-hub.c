/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-hub-group.h"
#include "channels-hub-hold.h"

#include "channels-error.h"
#include "channels-names.h"

/**
 * ChannelsHub:
 *
 * The node: which members are in which group, and who has which channel.
 *
 * It is the only way in. Whatever is sent goes to the members here at once and then to the layer
 * for the members elsewhere; what the layer hears from elsewhere goes to the members here, and not
 * back. The layer is told of a group when its first member joins and when its last one leaves;
 * groups that are watched it stays in. It is held while members do not keep up with it. An event
 * for a group in which nobody is here is for the absence function, if there is one.
 */
struct _ChannelsHub
{
  GObject parent_instance;

  ChannelsLayer *layer; /* (owned) */
  ChannelsHubHold hold; /* of the layer */
  char *node_prefix;    /* (owned): with it begins every channel of this node */
  GHashTable *groups;   /* (element-type utf8 ChannelsHubGroup) (owned) */
  GHashTable *channels; /* (element-type utf8 ChannelsMember) (owned) */
  guint delivering;     /* how deep in channels_member_deliver() we are */
  GHashTable *watched;  /* (element-type utf8) (owned): groups that are wanted without members */
  ChannelsHubAbsenceFunc absence; /* (nullable) */
  gpointer absence_data;          /* (unowned) */
};

G_DEFINE_FINAL_TYPE (ChannelsHub, channels_hub, G_TYPE_OBJECT)

static guint
deliver_to_group (ChannelsHub *self,
                  const char *group,
                  ChannelsEvent *event,
                  ChannelsHubSource source)
{
  ChannelsHubGroup *here = g_hash_table_lookup (self->groups, group);
  guint receivers;

  if (here == NULL)
    {
      if (self->absence != NULL)
        self->absence (group, event, source, self->absence_data);
      return 0;
    }

  self->delivering++;
  receivers = channels_hub_group_deliver (here, group, event);
  self->delivering--;

  if (source == CHANNELS_HUB_SOURCE_ELSEWHERE)
    channels_hub_hold_until_ready (&self->hold, here);

  return receivers;
}

static guint
deliver_to_channel (ChannelsHub *self, const char *channel, ChannelsEvent *event)
{
  ChannelsMember *member = g_hash_table_lookup (self->channels, channel);
  guint receivers;

  self->delivering++;
  receivers = member != NULL ? channels_member_deliver (member, NULL, event) : 0;
  self->delivering--;

  return receivers;
}

static void
on_layer_group_event (ChannelsLayer *layer,
                      const char *group,
                      ChannelsEvent *event,
                      ChannelsHub *self)
{
  deliver_to_group (self, group, event, CHANNELS_HUB_SOURCE_ELSEWHERE);
}

static void
on_layer_channel_event (ChannelsLayer *layer,
                        const char *channel,
                        ChannelsEvent *event,
                        ChannelsHub *self)
{
  if (deliver_to_channel (self, channel, event) == 0)
    g_debug ("dropped an event for channel %s, which is not here", channel);
}

static void
take_layer (ChannelsHub *self, ChannelsLayer *layer)
{
  self->layer = g_object_ref (layer);
  channels_hub_hold_set_layer (&self->hold, layer);
  g_signal_connect (layer, "group-event", G_CALLBACK (on_layer_group_event), self);
  g_signal_connect (layer, "channel-event", G_CALLBACK (on_layer_channel_event), self);
}

static void
drop_layer (ChannelsHub *self)
{
  if (self->layer != NULL)
    g_signal_handlers_disconnect_by_data (self->layer, self);
  channels_hub_hold_set_layer (&self->hold, NULL);
  g_clear_object (&self->layer);
}

static void
channels_hub_dispose (GObject *object)
{
  ChannelsHub *self = CHANNELS_HUB (object);

  drop_layer (self);
  g_hash_table_remove_all (self->groups);
  g_hash_table_remove_all (self->channels);

  G_OBJECT_CLASS (channels_hub_parent_class)->dispose (object);
}

static void
channels_hub_finalize (GObject *object)
{
  ChannelsHub *self = CHANNELS_HUB (object);

  g_hash_table_unref (self->watched);
  g_hash_table_unref (self->groups);
  g_hash_table_unref (self->channels);
  g_free (self->node_prefix);

  G_OBJECT_CLASS (channels_hub_parent_class)->finalize (object);
}

static void
channels_hub_class_init (ChannelsHubClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_hub_dispose;
  object_class->finalize = channels_hub_finalize;
}

static void
channels_hub_init (ChannelsHub *self)
{
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify) channels_hub_group_free);
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->watched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * channels_hub_new:
 * @layer: what carries events to other nodes
 * @node_prefix: what the channels of this node begin with, up to and including the `!`
 *
 * Returns: (transfer full): a hub without members
 */
ChannelsHub *
channels_hub_new (ChannelsLayer *layer, const char *node_prefix)
{
  ChannelsHub *self;

  g_return_val_if_fail (CHANNELS_IS_LAYER (layer), NULL);
  g_return_val_if_fail (node_prefix != NULL && g_str_has_suffix (node_prefix, "!"), NULL);

  self = g_object_new (CHANNELS_TYPE_HUB, NULL);
  self->node_prefix = g_strdup (node_prefix);
  take_layer (self, layer);

  return self;
}

/**
 * channels_hub_get_layer:
 * @self: a hub
 *
 * Returns: (transfer none): its layer
 */
ChannelsLayer *
channels_hub_get_layer (ChannelsHub *self)
{
  g_return_val_if_fail (CHANNELS_IS_HUB (self), NULL);

  return self->layer;
}

/**
 * channels_hub_set_layer:
 * @self: a hub
 * @layer: what carries events to other nodes from now on; in no group yet
 *
 * Has another layer, which joins every group that has members here or is watched. The one before is
 * told nothing: to stop it is the caller's business. Not from within a delivery.
 */
void
channels_hub_set_layer (ChannelsHub *self, ChannelsLayer *layer)
{
  GHashTableIter iter;
  const char *group;

  g_return_if_fail (CHANNELS_IS_HUB (self));
  g_return_if_fail (CHANNELS_IS_LAYER (layer));
  g_return_if_fail (self->delivering == 0);

  drop_layer (self);
  take_layer (self, layer);

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, (gpointer *) &group, NULL))
    channels_layer_join (layer, group);

  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, (gpointer *) &group, NULL))
    {
      if (!g_hash_table_contains (self->groups, group))
        channels_layer_join (layer, group);
    }
}

/**
 * channels_hub_set_absence_func:
 * @self: a hub
 * @func: (nullable): takes each event for a group in which nobody is here; else it is dropped
 * @user_data: (closure): passed to @func; must live until another function is set
 */
void
channels_hub_set_absence_func (ChannelsHub *self, ChannelsHubAbsenceFunc func, gpointer user_data)
{
  g_return_if_fail (CHANNELS_IS_HUB (self));

  self->absence = func;
  self->absence_data = user_data;
}

/**
 * channels_hub_watch:
 * @self: a hub
 * @groups: (array zero-terminated=1): valid group names, none twice
 *
 * Has the layer bring what other nodes send to these groups even while nobody is in them here, and
 * no longer to those that were watched before. They do not count as groups of this node for that:
 * channels_hub_list_groups() has those with members. Not from within a delivery.
 */
void
channels_hub_watch (ChannelsHub *self, const char *const *groups)
{
  g_autoptr (GHashTable) before = NULL;
  GHashTableIter iter;
  const char *group;

  g_return_if_fail (CHANNELS_IS_HUB (self));
  g_return_if_fail (groups != NULL);
  g_return_if_fail (self->delivering == 0);

  before = g_steal_pointer (&self->watched);
  self->watched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_hash_table_add (self->watched, g_strdup (groups[i]));
      if (!g_hash_table_remove (before, groups[i]) &&
          !g_hash_table_contains (self->groups, groups[i]))
        channels_layer_join (self->layer, groups[i]);
    }

  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, (gpointer *) &group, NULL))
    {
      if (!g_hash_table_contains (self->groups, group))
        channels_layer_leave (self->layer, group);
    }
}

/**
 * channels_hub_join:
 * @self: a hub
 * @group: a valid group name
 * @member: a member that is not in @group; the hub holds a reference to it until it leaves
 *
 * Adds a member to a group. Not from within a delivery.
 */
void
channels_hub_join (ChannelsHub *self, const char *group, ChannelsMember *member)
{
  ChannelsHubGroup *here;

  g_return_if_fail (CHANNELS_IS_HUB (self));
  g_return_if_fail (channels_group_name_validate (group, NULL));
  g_return_if_fail (CHANNELS_IS_MEMBER (member));
  g_return_if_fail (self->delivering == 0);

  here = g_hash_table_lookup (self->groups, group);
  if (here == NULL)
    {
      here = channels_hub_group_new ();
      g_hash_table_insert (self->groups, g_strdup (group), here);
      if (!g_hash_table_contains (self->watched, group))
        channels_layer_join (self->layer, group);
    }

  g_return_if_fail (!g_ptr_array_find (here->members, member, NULL));
  g_ptr_array_add (here->members, g_object_ref (member));
}

/**
 * channels_hub_leave:
 * @self: a hub
 * @group: the name of a group
 * @member: a member; if it is not in @group, nothing happens
 *
 * Takes a member out of a group. Not from within a delivery.
 */
void
channels_hub_leave (ChannelsHub *self, const char *group, ChannelsMember *member)
{
  ChannelsHubGroup *here;

  g_return_if_fail (CHANNELS_IS_HUB (self));
  g_return_if_fail (CHANNELS_IS_MEMBER (member));
  g_return_if_fail (self->delivering == 0);

  here = g_hash_table_lookup (self->groups, group);
  if (here == NULL || !g_ptr_array_remove_fast (here->members, member) || here->members->len > 0)
    return;

  /* The name may lie in the key that goes away. */
  if (!g_hash_table_contains (self->watched, group))
    channels_layer_leave (self->layer, group);
  g_hash_table_remove (self->groups, group);
}

/**
 * channels_hub_add_channel:
 * @self: a hub
 * @member: who gets what is sent to it; the hub holds a reference until it is removed
 *
 * Gives a member a channel of its own.
 *
 * Returns: (transfer full): the channel's name
 */
char *
channels_hub_add_channel (ChannelsHub *self, ChannelsMember *member)
{
  char *channel;

  g_return_val_if_fail (CHANNELS_IS_HUB (self), NULL);
  g_return_val_if_fail (CHANNELS_IS_MEMBER (member), NULL);

  channel = channels_channel_name_new (self->node_prefix);
  g_hash_table_insert (self->channels, g_strdup (channel), g_object_ref (member));

  return channel;
}

/**
 * channels_hub_remove_channel:
 * @self: a hub
 * @channel: a channel's name; if it is not here, nothing happens
 *
 * Takes a channel back.
 */
void
channels_hub_remove_channel (ChannelsHub *self, const char *channel)
{
  g_return_if_fail (CHANNELS_IS_HUB (self));
  g_return_if_fail (self->delivering == 0);

  g_hash_table_remove (self->channels, channel);
}

/**
 * channels_hub_send_to_group:
 * @self: a hub
 * @group: a valid group name
 * @event: the event
 * @cancellable: (nullable): stops the waiting, not the sending
 * @callback: (nullable) (scope async): called when the layer has handed it to the other nodes
 * @user_data: (closure): passed to @callback
 *
 * Sends an event to a group: to its members here before this returns, to those elsewhere by the
 * layer.
 *
 * Returns: how many members here it was handed to
 */
guint
channels_hub_send_to_group (ChannelsHub *self,
                            const char *group,
                            ChannelsEvent *event,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  guint receivers;

  g_return_val_if_fail (CHANNELS_IS_HUB (self), 0);

  receivers = deliver_to_group (self, group, event, CHANNELS_HUB_SOURCE_HERE);
  channels_layer_send_to_group (self->layer, group, event, cancellable, callback, user_data);

  return receivers;
}

/**
 * channels_hub_when_ready:
 * @self: a hub
 * @group: a valid group name
 * @func: (scope notified): called once for each member here that is not ready for more
 * @user_data: (closure): passed to @func
 *
 * Asks for the time to send more to a group: see channels_member_when_ready().
 *
 * Returns: how often @func will be called
 */
guint
channels_hub_when_ready (ChannelsHub *self,
                         const char *group,
                         ChannelsMemberReadyFunc func,
                         gpointer user_data)
{
  return channels_hub_group_when_ready (g_hash_table_lookup (self->groups, group), func, user_data);
}

/**
 * channels_hub_send_to_channel:
 * @self: a hub
 * @channel: a valid channel name
 * @event: the event
 * @cancellable: (nullable): stops the waiting, not the sending
 * @callback: (nullable) (scope async): called when it is known where the event went
 * @user_data: (closure): passed to @callback
 *
 * Sends an event to one channel, here or, by the layer, elsewhere.
 *
 * Returns: 1 if the channel is here and took it, else 0
 */
guint
channels_hub_send_to_channel (ChannelsHub *self,
                              const char *channel,
                              ChannelsEvent *event,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  guint receivers;

  g_return_val_if_fail (CHANNELS_IS_HUB (self), 0);

  if (!g_str_has_prefix (channel, self->node_prefix))
    {
      channels_layer_send_to_channel (self->layer, channel, event, cancellable, callback,
                                      user_data);
      return 0;
    }

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, channels_hub_send_to_channel);

  receivers = deliver_to_channel (self, channel, event);
  if (g_hash_table_contains (self->channels, channel))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL,
                             "nobody has the channel “%s”", channel);

  return receivers;
}

/**
 * channels_hub_send_finish:
 * @self: a hub
 * @result: what the callback was given
 * @out_remotes: (out) (optional): how many other nodes the layer handed it to
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_hub_send_to_group() and channels_hub_send_to_channel(). Fails with
 * `CHANNELS_ERROR_LAYER_UNAVAILABLE` while the layer is down - members here have had the event even
 * so - and, for a channel, with `CHANNELS_ERROR_NO_SUCH_CHANNEL` and `CHANNELS_ERROR_CHANNEL_FULL`.
 *
 * Returns: `TRUE` on success, `FALSE` with @error set otherwise
 */
gboolean
channels_hub_send_finish (ChannelsHub *self,
                          GAsyncResult *result,
                          guint *out_remotes,
                          GError **error)
{
  g_autoptr (GObject) source = g_async_result_get_source_object (result);

  g_return_val_if_fail (CHANNELS_IS_HUB (self), FALSE);

  /* Of the layer that it was sent by, whichever we have now. */
  if (CHANNELS_IS_LAYER (source))
    return channels_layer_send_finish (CHANNELS_LAYER (source), result, out_remotes, error);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;

  if (out_remotes != NULL)
    *out_remotes = 0;
  return TRUE;
}

/**
 * channels_hub_list_groups:
 * @self: a hub
 * @func: (scope call): called once for each group that has members here, in no order
 * @user_data: (closure): passed to @func
 */
void
channels_hub_list_groups (ChannelsHub *self, ChannelsHubGroupFunc func, gpointer user_data)
{
  GHashTableIter iter;
  const char *group;
  ChannelsHubGroup *here;

  g_return_if_fail (CHANNELS_IS_HUB (self));

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, (gpointer *) &group, (gpointer *) &here))
    func (group, channels_hub_group_get_size (here, group), user_data);
}

/**
 * channels_hub_get_counts:
 * @self: a hub
 * @group: a group's name
 * @out_counts: (out caller-allocates): zeroes where it has no members here
 */
void
channels_hub_get_counts (ChannelsHub *self, const char *group, ChannelsHubCounts *out_counts)
{
  const ChannelsHubGroup *here;

  g_return_if_fail (CHANNELS_IS_HUB (self));

  here = g_hash_table_lookup (self->groups, group);
  *out_counts = here != NULL ? here->counts : (ChannelsHubCounts){ 0 };
}

/**
 * channels_hub_list_members:
 * @self: a hub
 * @group: a group's name
 * @func: (scope call): called once for each channel of this node in @group
 * @user_data: (closure): passed to @func
 */
void
channels_hub_list_members (ChannelsHub *self,
                           const char *group,
                           ChannelsMemberFunc func,
                           gpointer user_data)
{
  g_return_if_fail (CHANNELS_IS_HUB (self));

  channels_hub_group_list (g_hash_table_lookup (self->groups, group), group, func, user_data);
}

/**
 * channels_hub_disconnect:
 * @self: a hub
 * @channel: a channel's name
 * @code: a WebSocket close code
 * @reason: (nullable): UTF-8, at most 123 bytes
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends the conversation with whoever has a channel. Fails with `CHANNELS_ERROR_NO_SUCH_CHANNEL`
 * where nobody here has it, and with `CHANNELS_ERROR_NOT_ALLOWED` where it is none that can be
 * ended.
 *
 * Returns: `TRUE` if it is being closed, `FALSE` with @error set otherwise
 */
gboolean
channels_hub_disconnect (ChannelsHub *self,
                         const char *channel,
                         guint16 code,
                         const char *reason,
                         GError **error)
{
  ChannelsMember *member;

  g_return_val_if_fail (CHANNELS_IS_HUB (self), FALSE);

  member = g_hash_table_lookup (self->channels, channel);
  if (member == NULL)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL,
                   "nobody here has the channel “%s”", channel);
      return FALSE;
    }

  return channels_member_disconnect (member, code, reason, error);
}
