/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-listener.h"

#include "channels-rate.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

/* Connections that the kernel completes while we are busy. GSocket's 10 makes the eleventh browser
 * of a burst wait a second for its retry. */
#define BACKLOG 1024

/* Accepted in one turn of the loop: all others have theirs in between. */
#define ACCEPTS_PER_TURN 64

/* How long to rest where the system is out of descriptors or memory. */
#define REST (100 * G_TIME_SPAN_MILLISECOND)

/**
 * ChannelsListener:
 *
 * Accepts connections at one address, whatever happens.
 *
 * SoupServer's own listener ends for ever at the first accept() that fails, which a browser can
 * bring about by opening connections until descriptors run out. This one rests and goes on; a
 * descriptor held in reserve lets it tell such a peer at once that there is no room.
 */
struct _ChannelsListener
{
  GObject parent_instance;

  ChannelsPoller *poller; /* (owned) */
  GSocket *socket;        /* (owned) (nullable): until it is closed */
  ChannelsWatch watch;
  ChannelsDeadline rest;
  ChannelsRate logged; /* troubles in the journal */
  int spare_fd;        /* (owned): given up to accept and drop one where there are no more */
  guint16 port;
  gboolean adopted; /* others have the socket as well: it goes on listening without us */
  ChannelsListenerFunc func;
  gpointer user_data; /* (unowned) */
};

G_DEFINE_FINAL_TYPE (ChannelsListener, channels_listener, G_TYPE_OBJECT)

static int
open_spare (void)
{
  return open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
drop_one (ChannelsListener *self)
{
  int fd;

  if (self->spare_fd < 0)
    return;

  g_close (self->spare_fd, NULL);
  fd = accept4 (self->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0)
    g_close (fd, NULL);
  self->spare_fd = open_spare ();
}

static void
rest (ChannelsListener *self, int why)
{
  if (channels_rate_take (&self->logged, g_get_monotonic_time ()))
    g_warning ("cannot accept a connection on port %u: %s", self->port, g_strerror (why));
  if (why == EMFILE || why == ENFILE)
    drop_one (self);
  channels_deadlines_set (channels_poller_get_deadlines (self->poller), &self->rest,
                          g_get_monotonic_time () + REST);
}

/* Somebody else who has the socket, or `ss -K`, has shut it: for good, and nothing else says so. */
static void
give_up (ChannelsListener *self)
{
  g_warning ("port %u is no longer listened at: its socket was shut", self->port);
  channels_poller_remove (self->poller, &self->watch);
}

static void
on_watch (ChannelsWatch *watch, guint32 events)
{
  g_autoptr (ChannelsListener) self =
      g_object_ref (G_STRUCT_MEMBER_P (watch, -G_STRUCT_OFFSET (ChannelsListener, watch)));

  /* Who knocks while it rests is heard afterwards. */
  if (self->rest.iter != NULL)
    return;

  for (guint i = 0; i < ACCEPTS_PER_TURN && self->watch.fd >= 0; i++)
    {
      int yes = 1;
      int fd = accept4 (self->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

      if (fd >= 0)
        {
          setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
          self->func (fd, self->port, self->user_data);
        }
      else if (errno == EAGAIN)
        return;
      else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        {
          rest (self, errno);
          return;
        }
      else if (errno == EINVAL)
        {
          give_up (self);
          return;
        }
      /* Else the connection ended while it waited: the next one. */
    }

  channels_poller_call_again (self->poller, &self->watch);
}

static void
on_rested (ChannelsDeadline *deadline, gint64 now)
{
  ChannelsListener *self = G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (ChannelsListener, rest));

  if (self->spare_fd < 0) /* somebody else was faster to take the number */
    self->spare_fd = open_spare ();
  channels_poller_call_again (self->poller, &self->watch);
}

static void
channels_listener_dispose (GObject *object)
{
  ChannelsListener *self = CHANNELS_LISTENER (object);

  channels_listener_close (self);
  g_clear_object (&self->poller);

  G_OBJECT_CLASS (channels_listener_parent_class)->dispose (object);
}

static void
channels_listener_class_init (ChannelsListenerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = channels_listener_dispose;
}

static void
channels_listener_init (ChannelsListener *self)
{
  self->watch.fd = -1;
  self->watch.func = on_watch;
  self->rest.func = on_rested;
  channels_rate_init (&self->logged, 1, 1, g_get_monotonic_time ());
  self->spare_fd = open_spare ();
}

static GSocket *
open_socket (const char *address, guint16 port, GError **error)
{
  g_autoptr (GSocketAddress) socket_address = g_inet_socket_address_new_from_string (address, port);
  g_autoptr (GSocket) socket = NULL;

  if (socket_address == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "“%s” is no IP address",
                   address);
      return NULL;
    }

  socket = g_socket_new (g_socket_address_get_family (socket_address), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6 &&
      !g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, error))
    return NULL;

  if (!g_socket_bind (socket, socket_address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

/* Only what open_socket() could have made: a TCP socket that listens at our loopback address. */
static gboolean
check_socket (GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, NULL);
  g_autoptr (GInetAddress) loopback = NULL;
  gboolean listens = FALSE;
  int accepts;

  if (G_IS_INET_SOCKET_ADDRESS (bound) &&
      g_socket_get_socket_type (socket) == G_SOCKET_TYPE_STREAM &&
      g_socket_get_option (socket, SOL_SOCKET, SO_ACCEPTCONN, &accepts, NULL) && accepts)
    {
      loopback = g_inet_address_new_loopback (g_socket_get_family (socket));
      listens = g_inet_address_equal (
          loopback, g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (bound)));
    }

  if (!listens)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         "it is no TCP socket that listens at 127.0.0.1 or ::1");
  return listens;
}

static ChannelsListener *
new_for_socket (ChannelsPoller *poller,
                GSocket *socket,
                ChannelsListenerFunc func,
                gpointer user_data,
                GError **error)
{
  g_autoptr (ChannelsListener) self = g_object_new (CHANNELS_TYPE_LISTENER, NULL);

  self->poller = g_object_ref (poller);
  self->func = func;
  self->user_data = user_data;
  self->socket = g_object_ref (socket);
  if (g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX)
    {
      g_autoptr (GInetSocketAddress) bound = channels_listener_get_address (self);

      self->port = g_inet_socket_address_get_port (bound);
    }

  return channels_listener_resume (self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * channels_listener_new:
 * @poller: what watches it
 * @address: an IPv4 or IPv6 address
 * @port: a port; 0 for a free one
 * @func: takes each new connection
 * @user_data: (closure): passed to @func
 * @error: return location for a `GError`, or `NULL`
 *
 * Listens. Fails with a `GIOErrorEnum`: `G_IO_ERROR_ADDRESS_IN_USE`, or whatever the kernel says.
 *
 * Returns: (transfer full): a listener, or `NULL` with @error set
 */
ChannelsListener *
channels_listener_new (ChannelsPoller *poller,
                       const char *address,
                       guint16 port,
                       ChannelsListenerFunc func,
                       gpointer user_data,
                       GError **error)
{
  g_autoptr (GSocket) socket = open_socket (address, port, error);

  return socket != NULL ? new_for_socket (poller, socket, func, user_data, error) : NULL;
}

/**
 * channels_listener_new_local:
 * @poller: what watches it
 * @socket: a Unix socket that listens and does not block
 * @func: takes each new connection
 * @user_data: (closure): passed to @func
 * @error: return location for a `GError`, or `NULL`
 *
 * Accepts at a Unix socket. Fails where the kernel does not let us watch it.
 *
 * Returns: (transfer full): a listener, which has no port; or `NULL` with @error set
 */
ChannelsListener *
channels_listener_new_local (ChannelsPoller *poller,
                             GSocket *socket,
                             ChannelsListenerFunc func,
                             gpointer user_data,
                             GError **error)
{
  return new_for_socket (poller, socket, func, user_data, error);
}

/**
 * channels_listener_new_adopted:
 * @poller: what watches it
 * @socket: a socket that listens already, and that somebody else holds as well
 * @func: takes each new connection
 * @user_data: (closure): passed to @func
 * @error: return location for a `GError`, or `NULL`
 *
 * Accepts at a socket that was handed over. Fails with `G_IO_ERROR_INVALID_ARGUMENT` where it is
 * anything else than a TCP socket that listens at 127.0.0.1 or ::1.
 *
 * Returns: (transfer full): a listener, or `NULL` with @error set
 */
ChannelsListener *
channels_listener_new_adopted (ChannelsPoller *poller,
                               GSocket *socket,
                               ChannelsListenerFunc func,
                               gpointer user_data,
                               GError **error)
{
  ChannelsListener *self;

  if (!check_socket (socket, error))
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  self = new_for_socket (poller, socket, func, user_data, error);
  if (self != NULL)
    self->adopted = TRUE;

  return self;
}

/**
 * channels_listener_is_adopted:
 * @self: a listener
 *
 * Returns: whether its socket goes on listening when it is closed
 */
gboolean
channels_listener_is_adopted (ChannelsListener *self)
{
  return self->adopted;
}

/**
 * channels_listener_get_address:
 * @self: a listener that was not closed, of a TCP socket
 *
 * Returns: (transfer full): the address and port that it listens on
 */
GInetSocketAddress *
channels_listener_get_address (ChannelsListener *self)
{
  g_return_val_if_fail (self->socket != NULL, NULL);

  return G_INET_SOCKET_ADDRESS (g_socket_get_local_address (self->socket, NULL));
}

/**
 * channels_listener_pause:
 * @self: a listener that accepts
 *
 * Accepts nobody until channels_listener_resume(): who connects waits in the kernel.
 *
 * Returns: `TRUE` if nobody waits there yet
 */
gboolean
channels_listener_pause (ChannelsListener *self)
{
  struct pollfd waiting = { .fd = self->watch.fd, .events = POLLIN };

  channels_deadlines_clear (channels_poller_get_deadlines (self->poller), &self->rest);
  channels_poller_remove (self->poller, &self->watch);

  return poll (&waiting, 1, 0) == 0;
}

/**
 * channels_listener_resume:
 * @self: a listener that does not accept
 * @error: return location for a `GError`, or `NULL`
 *
 * Accepts, beginning with those who wait. Fails where the kernel does not let us watch it.
 *
 * Returns: `TRUE` if it accepts now, `FALSE` with @error set otherwise
 */
gboolean
channels_listener_resume (ChannelsListener *self, GError **error)
{
  return channels_poller_add (self->poller, &self->watch, g_socket_get_fd (self->socket), error);
}

/**
 * channels_listener_close:
 * @self: a listener
 *
 * Stops accepting. Who was not accepted yet is refused, or waits for whoever else holds the socket.
 */
void
channels_listener_close (ChannelsListener *self)
{
  if (self->socket == NULL)
    return;

  channels_deadlines_clear (channels_poller_get_deadlines (self->poller), &self->rest);
  channels_poller_remove (self->poller, &self->watch);
  g_socket_close (self->socket, NULL);
  g_clear_object (&self->socket);
  if (self->spare_fd >= 0)
    g_close (self->spare_fd, NULL);
  self->spare_fd = -1;
}
