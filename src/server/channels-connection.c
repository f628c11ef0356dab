/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-connection.h"

#include "channels-error.h"
#include "channels-frame.h"
#include "channels-json.h"
#include "channels-names.h"
#include "channels-rate.h"

#include <libsoup/soup.h>

/* Refusals in a row after which a browser is sent away. */
#define REFUSALS_MAX 100

/* How long a browser has to answer a close. */
#define CLOSE_TIME (3 * G_TIME_SPAN_SECOND)

typedef struct
{
  ChannelsDeadline deadline;
  gint64 interval; /* µs of silence before a ping; 0: none */
  gint64 timeout;  /* µs of silence after it */
  gint64 pinged;   /* µs, monotonic: when the last was sent */
} ChannelsHeartbeat;

/**
 * ChannelsConnection:
 *
 * One WebSocket: what a browser says goes through its consumer to its group, and it sits in the
 * audience of that group.
 *
 * libsoup answers pings and shakes hands at the end; messages come from the socket itself. It does
 * not write events: those go from the audience, or from here, to the socket.
 */
struct _ChannelsConnection
{
  GObject parent_instance;

  ChannelsHub *hub;                   /* (owned) */
  ChannelsPoller *poller;             /* (owned) */
  ChannelsSocket *socket;             /* (owned) */
  SoupWebsocketConnection *websocket; /* (owned) */
  ChannelsAudience *audience;         /* (owned) */
  char *channel;                      /* (owned): its name in the hub */
  ChannelsSeat seat;
  ChannelsHeartbeat heartbeat;
  struct
  {
    ChannelsRate rate;
    guint refusals; /* in a row */
  } patience;
  gboolean seated; /* it is in the audience and in the hub */
  ChannelsConnectionClosedFunc closed;
  gpointer closed_data; /* (unowned) */
};

static void member_iface_init (ChannelsMemberInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsConnection,
                               channels_connection,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_MEMBER, member_iface_init))

static ChannelsDeadlines *
get_deadlines (ChannelsConnection *self)
{
  return channels_poller_get_deadlines (self->poller);
}

static void
take_seat (ChannelsConnection *self)
{
  self->channel = channels_hub_add_channel (self->hub, CHANNELS_MEMBER (self));
  self->seat.socket = self->socket;
  self->seat.channel = self->channel;
  self->seat.joined = g_get_real_time ();
  channels_audience_join (self->audience, &self->seat);
  self->seated = TRUE;
}

static void
leave_seat (ChannelsConnection *self)
{
  if (!self->seated)
    return;

  self->seated = FALSE;
  channels_deadlines_clear (get_deadlines (self), &self->heartbeat.deadline);
  channels_audience_leave (self->audience, &self->seat);
  channels_hub_remove_channel (self->hub, self->channel);
}

/* Behind what its audience has for it already, so that the order is kept. */
static void
push (ChannelsConnection *self, GByteArray *frames, guint events)
{
  g_autoptr (GBytes) bytes = g_bytes_new (frames->data, frames->len);

  channels_audience_catch_up (self->audience, &self->seat);
  channels_socket_push (self->socket, bytes, events);
}

static void
refuse (ChannelsConnection *self, const char *code, const char *message)
{
  g_autoptr (GByteArray) reply = g_byte_array_new ();

  channels_consumer_append_error (reply, code, message);
  push (self, reply, 1);

  self->patience.refusals++;
  if (self->patience.refusals >= REFUSALS_MAX)
    channels_connection_close (self, CHANNELS_CLOSE_POLICY, "too many refused messages");
}

static void
refuse_error (ChannelsConnection *self, const GError *error)
{
  if (g_error_matches (error, CHANNELS_CONSUMER_ERROR, CHANNELS_CONSUMER_ERROR_UNSUPPORTED))
    channels_connection_close (self, CHANNELS_CLOSE_UNSUPPORTED, error->message);
  else
    refuse (self, channels_json_error_get_code (error), error->message);
}

static void
on_socket_message (gboolean is_text, GBytes *message, gpointer owner)
{
  ChannelsConnection *self = owner;
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GByteArray) reply = NULL;
  g_autoptr (GError) error = NULL;

  /* It may go on talking after it was told to close. */
  if (!self->seated)
    return;

  if (!channels_rate_take (&self->patience.rate, g_get_monotonic_time ()))
    {
      refuse (self, "rate-limited", "too many messages: this one was not sent");
      return;
    }

  reply = g_byte_array_new ();
  if (!channels_consumer_receive (channels_audience_get_consumer (self->audience), is_text, message,
                                  &event, reply, &error))
    {
      refuse_error (self, error);
      return;
    }

  self->patience.refusals = 0;
  if (reply->len > 0)
    push (self, reply, 1);
  if (event != NULL)
    channels_hub_send_to_group (self->hub, channels_audience_get_group (self->audience), event,
                                NULL, NULL, NULL);
}

static void
on_websocket_closed (SoupWebsocketConnection *websocket, ChannelsConnection *self)
{
  g_object_ref (self);

  leave_seat (self);
  channels_socket_set_owner (self->socket, NULL, NULL);
  g_signal_handlers_disconnect_by_data (websocket, self);
  if (self->closed != NULL)
    self->closed (self, self->closed_data);

  g_object_unref (self);
}

/* A close frame is about to be written: what its audience has for the browser comes before it. */
static void
on_websocket_closing (SoupWebsocketConnection *websocket, ChannelsConnection *self)
{
  leave_seat (self);
}

static void
on_websocket_error (SoupWebsocketConnection *websocket, GError *error, ChannelsConnection *self)
{
  g_debug ("channel %s is closed: %s", self->channel, error->message);
  leave_seat (self);
}

/* Before libsoup closes the stream: what its audience has for the browser is still written. */
static void
on_socket_ended (ChannelsSocket *socket, gpointer owner)
{
  leave_seat (owner);
}

static void
on_socket_violated (ChannelsSocket *socket, guint16 close_code, gpointer owner)
{
  ChannelsConnection *self = owner;

  channels_connection_close (self, close_code, NULL);
  channels_socket_end_input (socket);
}

static void
on_socket_failed (ChannelsSocket *socket, ChannelsSocketFailure failure, gpointer owner)
{
  ChannelsConnection *self = owner;

  if (failure == CHANNELS_SOCKET_FAILURE_GONE)
    {
      channels_socket_abort (socket);
      return;
    }

  g_debug ("channel %s reads too slowly: %" G_GSIZE_FORMAT " bytes wait", self->channel,
           channels_socket_get_backlog (socket));
  channels_connection_close (self, CHANNELS_CLOSE_SLOW_CONSUMER, "slow consumer");
}

static const ChannelsSocketEvents socket_events = {
  .message = on_socket_message,
  .ended = on_socket_ended,
  .violated = on_socket_violated,
  .failed = on_socket_failed,
};

/* Past the audience: a ping has no place among events, and need not have it catch up. */
static void
send_ping (ChannelsConnection *self)
{
  GByteArray *ping = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  channels_frame_append (ping, CHANNELS_FRAME_PING, NULL, 0);
  bytes = g_byte_array_free_to_bytes (ping);
  channels_socket_push (self->socket, bytes, 0);
}

static void
beat (ChannelsDeadline *deadline, gint64 now)
{
  ChannelsHeartbeat *heartbeat =
      G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (ChannelsHeartbeat, deadline));
  ChannelsConnection *self =
      G_STRUCT_MEMBER_P (heartbeat, -G_STRUCT_OFFSET (ChannelsConnection, heartbeat));
  gint64 heard = channels_socket_get_last_heard (self->socket, now);
  gint64 next;

  if (heartbeat->pinged > heard)
    {
      next = heartbeat->pinged + heartbeat->timeout;
      if (now >= next)
        {
          /* It would not hear a close frame either. */
          g_debug ("channel %s did not answer a ping", self->channel);
          channels_socket_abort (self->socket);
          return;
        }
    }
  else if (now - heard < heartbeat->interval)
    next = heard + heartbeat->interval;
  else
    {
      send_ping (self);
      heartbeat->pinged = now;
      /* It may have answered at once, and been silent since then. */
      next = now + MIN (heartbeat->interval, heartbeat->timeout);
    }

  channels_deadlines_set (get_deadlines (self), deadline, next);
}

static void
start_heartbeat (ChannelsConnection *self, const ChannelsLimits *limits)
{
  ChannelsHeartbeat *heartbeat = &self->heartbeat;

  heartbeat->interval = limits->value[CHANNELS_LIMIT_PING_INTERVAL] * G_TIME_SPAN_SECOND;
  heartbeat->timeout = limits->value[CHANNELS_LIMIT_PONG_TIMEOUT] * G_TIME_SPAN_SECOND;
  heartbeat->deadline.func = beat;
  if (heartbeat->interval > 0)
    channels_deadlines_set (get_deadlines (self), &heartbeat->deadline,
                            g_get_monotonic_time () + heartbeat->interval);
}

static guint
connection_deliver (ChannelsMember *member, const char *group, ChannelsEvent *event)
{
  ChannelsConnection *self = CHANNELS_CONNECTION (member);
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  if (!self->seated ||
      !channels_consumer_encode (channels_audience_get_consumer (self->audience), event, frames))
    return 0;

  push (self, frames, 1);
  return 1;
}

static guint
connection_get_size (ChannelsMember *member, const char *group)
{
  return 1;
}

static void
connection_list (ChannelsMember *member,
                 const char *group,
                 ChannelsMemberFunc func,
                 gpointer user_data)
{
  ChannelsConnection *self = CHANNELS_CONNECTION (member);

  func (self->channel, CHANNELS_KIND_WEBSOCKET, self->seat.joined, user_data);
}

static gboolean
connection_disconnect (ChannelsMember *member, guint16 code, const char *reason, GError **error)
{
  channels_connection_close (CHANNELS_CONNECTION (member), code, reason);

  return TRUE;
}

static void
member_iface_init (ChannelsMemberInterface *iface)
{
  iface->deliver = connection_deliver;
  iface->get_size = connection_get_size;
  iface->list = connection_list;
  iface->disconnect = connection_disconnect;
}

static void
channels_connection_dispose (GObject *object)
{
  ChannelsConnection *self = CHANNELS_CONNECTION (object);

  if (self->websocket != NULL)
    {
      leave_seat (self);
      channels_socket_set_owner (self->socket, NULL, NULL);
      g_signal_handlers_disconnect_by_data (self->websocket, self);
    }
  g_clear_object (&self->websocket);
  g_clear_object (&self->socket);
  g_clear_object (&self->audience);
  g_clear_object (&self->hub);
  g_clear_object (&self->poller);

  G_OBJECT_CLASS (channels_connection_parent_class)->dispose (object);
}

static void
channels_connection_finalize (GObject *object)
{
  g_free (CHANNELS_CONNECTION (object)->channel);

  G_OBJECT_CLASS (channels_connection_parent_class)->finalize (object);
}

static void
channels_connection_class_init (ChannelsConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_connection_dispose;
  object_class->finalize = channels_connection_finalize;
}

static void
channels_connection_init (ChannelsConnection *self)
{
}

/* libsoup asks for a URI and shows it to nobody but us: one for all, as each takes 600 bytes. */
static GUri *
get_uri (void)
{
  static gsize uri = 0;

  if (g_once_init_enter (&uri))
    g_once_init_leave (&uri, (gsize) g_uri_parse ("ws://localhost/", SOUP_HTTP_URI_FLAGS, NULL));

  return (GUri *) uri;
}

static SoupWebsocketConnection *
lay_websocket (ChannelsSocket *socket, gsize message_size)
{
  SoupWebsocketConnection *websocket;

  /* No extensions: on loopback compression gains nothing, and libsoup's inflates without a bound.
   */
  websocket = soup_websocket_connection_new (G_IO_STREAM (socket), get_uri (),
                                             SOUP_WEBSOCKET_CONNECTION_SERVER, NULL, NULL, NULL);
  channels_socket_unpark (socket);
  /* It is given nothing larger than a control frame: the gate and the reader see to that. The bound
   * is there all the same, and never 0: CVE-2026-0716. */
  soup_websocket_connection_set_max_incoming_payload_size (websocket, message_size);

  return websocket;
}

/**
 * channels_connection_new:
 * @hub: where what it says goes
 * @poller: what it is called by
 * @limits: its bounds
 * @socket: a socket whose upgrade was answered
 * @early: (nullable): what the browser sent behind its request
 * @audience: where it sits
 *
 * Starts a conversation: the browser is in its group when this returns.
 *
 * Returns: (transfer full): a connection
 */
ChannelsConnection *
channels_connection_new (ChannelsHub *hub,
                         ChannelsPoller *poller,
                         const ChannelsLimits *limits,
                         ChannelsSocket *socket,
                         GBytes *early,
                         ChannelsAudience *audience)
{
  ChannelsConnection *self = g_object_new (CHANNELS_TYPE_CONNECTION, NULL);
  gsize message_size = limits->value[CHANNELS_LIMIT_MESSAGE_SIZE];

  self->hub = g_object_ref (hub);
  self->poller = g_object_ref (poller);
  self->socket = g_object_ref (socket);
  self->audience = g_object_ref (audience);
  channels_rate_init (&self->patience.rate, limits->value[CHANNELS_LIMIT_MESSAGE_RATE],
                      limits->value[CHANNELS_LIMIT_MESSAGE_BURST], g_get_monotonic_time ());

  channels_socket_park (socket, message_size, early);
  channels_socket_set_owner (socket, &socket_events, self);
  self->websocket = lay_websocket (socket, message_size);
  g_signal_connect (self->websocket, "closing", G_CALLBACK (on_websocket_closing), self);
  g_signal_connect (self->websocket, "error", G_CALLBACK (on_websocket_error), self);
  g_signal_connect (self->websocket, "closed", G_CALLBACK (on_websocket_closed), self);

  take_seat (self);
  start_heartbeat (self, limits);

  return self;
}

/**
 * channels_connection_set_closed_func:
 * @self: a connection
 * @func: called once when it is closed
 * @user_data: (closure): passed to @func
 */
void
channels_connection_set_closed_func (ChannelsConnection *self,
                                     ChannelsConnectionClosedFunc func,
                                     gpointer user_data)
{
  self->closed = func;
  self->closed_data = user_data;
}

/**
 * channels_connection_get_audience:
 * @self: a connection
 *
 * Returns: (transfer none): where it sits, or sat
 */
ChannelsAudience *
channels_connection_get_audience (ChannelsConnection *self)
{
  return self->audience;
}

/**
 * channels_connection_close:
 * @self: a connection
 * @code: a WebSocket close code that libsoup knows: 1000 to 1003, 1007 to 1009, 1011, 4000 to 4999
 * @reason: (nullable): UTF-8, at most 123 bytes
 *
 * Leaves the group at once and shakes hands with the browser, which has three seconds for it; what
 * waits for it is written first. Not from within a delivery.
 */
void
channels_connection_close (ChannelsConnection *self, guint16 code, const char *reason)
{
  leave_seat (self);

  if (soup_websocket_connection_get_state (self->websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;

  channels_socket_abort_at (self->socket, g_get_monotonic_time () + CLOSE_TIME);
  soup_websocket_connection_close (self->websocket, code, reason);
}
