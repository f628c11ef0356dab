/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-peer.h"

#include "channels-error.h"
#include "channels-names.h"

/**
 * ChannelsBusPeer:
 *
 * A bus client that subscribed: one for each unique name, in one group or many.
 *
 * It gets its events by unicast, and nothing on the way tells us whether it reads them: GDBus
 * queues without bound, and so does the bus, which charges what nobody fetched to *us* and in the
 * end stops reading from us, for everybody. So we count the bytes that went out. Behind each
 * %PING_SIZE of them goes a `org.freedesktop.DBus.Peer.Ping`: messages keep their order, so its
 * answer, be it an error, says that all before it was read. What would take a peer's count past
 * %CHANNELS_BUS_PEER_BACKLOG_MAX is left out for that peer, until it reads again; it costs nobody
 * else anything.
 *
 * Who leaves all its groups is out of the hub, but what it has left unread is not forgotten: it is
 * kept, or it could join again and be sent as much once more. With the last of that, or with its
 * name, it is done.
 *
 * The hub holds references to it while it has a channel, so its owner calls
 * channels_bus_peer_close() to be rid of it.
 */
struct _ChannelsBusPeer
{
  GObject parent_instance;

  ChannelsHub *hub;            /* (owned) */
  GDBusConnection *connection; /* (owned) */
  GCancellable *cancellable;   /* (owned): ends the waiting for a ping's answer */
  char *name;                  /* (owned): its unique name on the bus */
  char *channel;               /* (owned) (nullable): `NULL` while it is in no group */
  GHashTable *groups;          /* (element-type utf8 gint64) (owned): µs since the epoch */
  guint watch;                 /* of its name; 0 once closed */
  guint left_out;              /* events that it could not be sent */
  gsize backlog;               /* bytes sent and not known to have been read */
  gsize pinged;                /* bytes of those that lie before the ping under way; 0: none is */
};

/* Bytes between pings: small traffic needs none. */
#define PING_SIZE ((gsize) 1024 * 1024)

/* Bytes of a message around the event, and of what the bus and GDBus keep with it. */
#define MESSAGE_OVERHEAD 512

enum
{
  SIGNAL_DONE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void member_iface_init (ChannelsMemberInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsBusPeer,
                               channels_bus_peer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_MEMBER, member_iface_init))

static void ping_if_due (ChannelsBusPeer *self);

static void
ping_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsBusPeer) self = user_data;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;
  gsize pinged = self->pinged;

  self->pinged = 0;
  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (self->watch == 0)
    return;

  /* The peer's queue in the bus is full: the ping never went, the next event sends another. */
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED))
    return;

  self->backlog -= pinged;
  if (channels_bus_peer_is_done (self))
    g_signal_emit (self, signals[SIGNAL_DONE], 0);
  else
    ping_if_due (self);
}

/* Who is in no group is asked after its last byte: until that is read, it is kept. */
static void
ping_if_due (ChannelsBusPeer *self)
{
  gsize due = g_hash_table_size (self->groups) > 0 ? PING_SIZE : 1;

  if (self->pinged > 0 || self->backlog < due)
    return;

  self->pinged = self->backlog;
  g_dbus_connection_call (self->connection, self->name, "/", "org.freedesktop.DBus.Peer", "Ping",
                          NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, self->cancellable,
                          ping_cb, g_object_ref (self));
}

static gboolean
emit_event_received (ChannelsBusPeer *self, const char *group, GVariant *event, GError **error)
{
  /* The tuple only refers to the event, which is made once for all. */
  GVariant *children[] = { g_variant_new_string (group), event };

  return g_dbus_connection_emit_signal (
      self->connection, self->name, CHANNELS_OBJECT_PATH, CHANNELS_BUS_INTERFACE, "EventReceived",
      g_variant_new_tuple (children, G_N_ELEMENTS (children)), error);
}

static void
leave_out (ChannelsBusPeer *self, const char *why)
{
  self->left_out++;
  g_debug ("%s: left out an event %s, its %u.", self->name, why, self->left_out);
}

static guint
bus_peer_deliver (ChannelsMember *member, const char *group, ChannelsEvent *event)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (member);
  GVariant *variant = channels_event_get_variant (event);
  gsize size = g_variant_get_size (variant) + MESSAGE_OVERHEAD;
  g_autoptr (GError) error = NULL;

  if (g_variant_get_size (variant) > CHANNELS_BUS_PEER_EVENT_MAX ||
      !channels_event_fits_bus (event))
    {
      leave_out (self, "that D-Bus cannot carry");
      return 0;
    }

  if (size > CHANNELS_BUS_PEER_BACKLOG_MAX - self->backlog)
    {
      ping_if_due (self);
      leave_out (self, "as it does not read");
      return 0;
    }

  if (!emit_event_received (self, group != NULL ? group : "", variant, &error))
    {
      leave_out (self, error->message);
      return 0;
    }

  self->backlog += size;
  ping_if_due (self);

  return 1;
}

static guint
bus_peer_get_size (ChannelsMember *member, const char *group)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (member);

  return g_hash_table_contains (self->groups, group) ? 1 : 0;
}

static void
bus_peer_list (ChannelsMember *member,
               const char *group,
               ChannelsMemberFunc func,
               gpointer user_data)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (member);
  const gint64 *joined = g_hash_table_lookup (self->groups, group);

  if (joined != NULL)
    func (self->channel, CHANNELS_KIND_BUS, *joined, user_data);
}

static gboolean
bus_peer_disconnect (ChannelsMember *member, guint16 code, const char *reason, GError **error)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (member);

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
               "the channel “%s” is a bus client's, not a WebSocket's", self->channel);
  return FALSE;
}

static void
on_name_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (user_data);

  g_signal_emit (self, signals[SIGNAL_DONE], 0);
}

static void
channels_bus_peer_dispose (GObject *object)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (object);

  channels_bus_peer_close (self);

  G_OBJECT_CLASS (channels_bus_peer_parent_class)->dispose (object);
}

static void
channels_bus_peer_finalize (GObject *object)
{
  ChannelsBusPeer *self = CHANNELS_BUS_PEER (object);

  g_clear_object (&self->hub);
  g_clear_object (&self->connection);
  g_clear_object (&self->cancellable);
  g_free (self->name);
  g_hash_table_unref (self->groups);

  G_OBJECT_CLASS (channels_bus_peer_parent_class)->finalize (object);
}

static void
channels_bus_peer_class_init (ChannelsBusPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_bus_peer_dispose;
  object_class->finalize = channels_bus_peer_finalize;

  /**
   * ChannelsBusPeer::done:
   * @self: a peer
   *
   * Its name has left the bus, or was not there to begin with; or, in no group any more, it has now
   * read all that it was sent. It may still be in its groups: the owner closes it.
   */
  signals[SIGNAL_DONE] = g_signal_new ("done", CHANNELS_TYPE_BUS_PEER, G_SIGNAL_RUN_LAST, 0, NULL,
                                       NULL, NULL, G_TYPE_NONE, 0);
}

static void
channels_bus_peer_init (ChannelsBusPeer *self)
{
  self->cancellable = g_cancellable_new ();
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
member_iface_init (ChannelsMemberInterface *iface)
{
  iface->deliver = bus_peer_deliver;
  iface->get_size = bus_peer_get_size;
  iface->list = bus_peer_list;
  iface->disconnect = bus_peer_disconnect;
}

/**
 * channels_bus_peer_new:
 * @hub: where it joins groups
 * @connection: a connection to a message bus
 * @name: the peer's unique name
 *
 * Makes a peer that is in no group, and not in the hub, yet. If nobody has @name any more,
 * #ChannelsBusPeer::done says so, as it does whenever that comes to be.
 *
 * Returns: (transfer full): a peer, to be closed with channels_bus_peer_close()
 */
ChannelsBusPeer *
channels_bus_peer_new (ChannelsHub *hub, GDBusConnection *connection, const char *name)
{
  ChannelsBusPeer *self;

  g_return_val_if_fail (CHANNELS_IS_HUB (hub), NULL);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), NULL);
  g_return_val_if_fail (g_dbus_is_unique_name (name), NULL);

  self = g_object_new (CHANNELS_TYPE_BUS_PEER, NULL);
  self->hub = g_object_ref (hub);
  self->connection = g_object_ref (connection);
  self->name = g_strdup (name);
  self->watch = g_bus_watch_name_on_connection (connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                NULL, on_name_vanished, self, NULL);

  return self;
}

/**
 * channels_bus_peer_get_name:
 * @self: a peer
 *
 * Returns: (transfer none): its unique name on the bus
 */
const char *
channels_bus_peer_get_name (ChannelsBusPeer *self)
{
  g_return_val_if_fail (CHANNELS_IS_BUS_PEER (self), NULL);

  return self->name;
}

/**
 * channels_bus_peer_is_done:
 * @self: a peer
 *
 * Returns: `TRUE` if it is in no group and has read all that it was sent, so that it need not be
 *   kept
 */
gboolean
channels_bus_peer_is_done (ChannelsBusPeer *self)
{
  g_return_val_if_fail (CHANNELS_IS_BUS_PEER (self), FALSE);

  return g_hash_table_size (self->groups) == 0 && self->backlog == 0;
}

/**
 * channels_bus_peer_join:
 * @self: a peer that is not closed
 * @group: a valid group name
 * @max_groups: in how many groups it may be
 * @error: return location for a `GError`, or `NULL`
 *
 * Joins a group; to be in it already is fine. With its first group it gets a channel. Fails with
 * `CHANNELS_ERROR_NOT_ALLOWED`, nothing changed, where it would be in more than @max_groups.
 *
 * Returns: `TRUE` if it is in @group, `FALSE` with @error set otherwise
 */
gboolean
channels_bus_peer_join (ChannelsBusPeer *self, const char *group, guint max_groups, GError **error)
{
  gint64 joined = g_get_real_time ();

  g_return_val_if_fail (CHANNELS_IS_BUS_PEER (self), FALSE);
  g_return_val_if_fail (self->watch != 0, FALSE);

  if (g_hash_table_contains (self->groups, group))
    return TRUE;

  if (g_hash_table_size (self->groups) >= max_groups)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                   "%s is in %u groups already, as many as it may", self->name, max_groups);
      return FALSE;
    }

  if (self->channel == NULL)
    self->channel = channels_hub_add_channel (self->hub, CHANNELS_MEMBER (self));
  g_hash_table_insert (self->groups, g_strdup (group), g_memdup2 (&joined, sizeof joined));
  channels_hub_join (self->hub, group, CHANNELS_MEMBER (self));

  return TRUE;
}

static void
give_channel_back (ChannelsBusPeer *self)
{
  if (self->channel != NULL)
    channels_hub_remove_channel (self->hub, self->channel);
  g_clear_pointer (&self->channel, g_free);
}

/**
 * channels_bus_peer_leave:
 * @self: a peer
 * @group: the name of a group; if it is not in it, nothing happens
 *
 * Leaves a group. With its last group goes its channel; it is done then, or it says
 * #ChannelsBusPeer::done once it is.
 */
void
channels_bus_peer_leave (ChannelsBusPeer *self, const char *group)
{
  g_return_if_fail (CHANNELS_IS_BUS_PEER (self));

  if (!g_hash_table_remove (self->groups, group))
    return;

  channels_hub_leave (self->hub, group, CHANNELS_MEMBER (self));
  if (g_hash_table_size (self->groups) == 0)
    {
      give_channel_back (self);
      ping_if_due (self);
    }
}

/**
 * channels_bus_peer_close:
 * @self: a peer
 *
 * Leaves all groups, gives its channel back and looks after its name no longer. To close twice is
 * to close once.
 */
void
channels_bus_peer_close (ChannelsBusPeer *self)
{
  GHashTableIter iter;
  const char *group;

  g_return_if_fail (CHANNELS_IS_BUS_PEER (self));

  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  g_cancellable_cancel (self->cancellable);

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, (gpointer *) &group, NULL))
    {
      channels_hub_leave (self->hub, group, CHANNELS_MEMBER (self));
      g_hash_table_iter_remove (&iter);
    }

  give_channel_back (self);
}
