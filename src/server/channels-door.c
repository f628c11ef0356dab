/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-door.h"

#include "channels-handshake.h"
#include "channels-http-error.h"
#include "channels-listener.h"
#include "channels-local-socket.h"
#include "channels-peer-uid.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The port that an origin of its scheme does not name. */
#define HTTP_PORT 80

/**
 * ChannelsDoor:
 *
 * Where browsers knock: it listens, asks the kernel whose connection it is, waits for the request's
 * head and looks at where it comes from. What it lets through has a request that is strict, bounded
 * and from somebody who may come in. Programs may come by a Unix socket as well, which no browser
 * can: only this user can enter its folder, and the kernel says who did.
 */
struct _ChannelsDoor
{
  ChannelsPoller *poller;           /* (owned) */
  ChannelsGuard *guard;             /* (owned) */
  gboolean allow_other_users;       /* else only who runs us */
  ChannelsHandshakeBounds bounds;   /* of each handshake */
  GPtrArray *listeners;             /* (element-type ChannelsListener) (owned) */
  GPtrArray *closed;                /* (element-type GInetSocketAddress) (owned): while it pauses */
  ChannelsLocalSocket *local;       /* (owned) (nullable) */
  ChannelsListener *local_listener; /* (owned) (nullable): accepts there */
  char *local_path;                 /* (owned) (nullable): where it is, or was before it paused */
  GQueue handshakes;                /* (element-type ChannelsHandshake) (owned): oldest first */
  gint64 last_knock;                /* µs, monotonic */
  ChannelsDoorFunc func;
  gpointer user_data; /* (unowned) */
};

/* By the address that it was made to: whoever made it to the loopback's is on this machine. */
static gboolean
is_from_elsewhere (int fd)
{
  struct sockaddr_storage ours = { 0 };
  socklen_t size = sizeof ours;

  if (getsockname (fd, (struct sockaddr *) &ours, &size) < 0)
    return TRUE;

  if (ours.ss_family == AF_UNIX)
    return FALSE;
  if (ours.ss_family == AF_INET)
    return g_ntohl (((struct sockaddr_in *) &ours)->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;

  return !IN6_IS_ADDR_LOOPBACK (&((struct sockaddr_in6 *) &ours)->sin6_addr);
}

static void
tell (ChannelsDoor *self, ChannelsVisitor *visitor, const GError *error)
{
  self->func (visitor, error, self->user_data);

  if (visitor->fd >= 0)
    g_close (visitor->fd, NULL);
}

/* No browser comes by a Unix socket, and none may be led to it: by it, any Host is us. */
static gboolean
admit_program (const ChannelsRequestHead *head, GError **error)
{
  if (head->origin == NULL)
    return TRUE;

  g_set_error_literal (error, CHANNELS_HTTP_ERROR, 403, "this door is for programs, not for pages");
  return FALSE;
}

static void
on_handshake (ChannelsHandshake *handshake,
              const ChannelsRequestHead *head,
              const GError *error,
              gpointer user_data)
{
  ChannelsDoor *self = user_data;
  g_autoptr (GBytes) early = channels_handshake_get_rest (handshake);
  g_autoptr (GError) refusal = error != NULL ? g_error_copy (error) : NULL;
  ChannelsVisitor visitor = {
    .fd = channels_handshake_steal_fd (handshake),
    .port = channels_handshake_get_port (handshake),
    .head = head,
    .early = early,
  };

  g_queue_remove (&self->handshakes, handshake);
  visitor.elsewhere = is_from_elsewhere (visitor.fd);

  if (head != NULL && visitor.port == 0)
    {
      admit_program (head, &refusal);
    }
  else if (head != NULL)
    {
      visitor.own = head->origin != NULL &&
                    channels_guard_is_own_origin (self->guard, head->origin, visitor.port);
      visitor.stranger = channels_guard_is_stranger (self->guard, head, visitor.port);
      channels_guard_admit (self->guard, head, visitor.port, &refusal);
    }

  if (head != NULL || refusal != NULL)
    tell (self, &visitor, refusal);
  else
    g_close (visitor.fd, NULL);

  channels_handshake_free (handshake);
}

/* Says nothing where nobody is there any more to be told. */
static void
refuse_unknown (const GError *unknown, GError **error)
{
  g_debug ("%s", unknown->message);

  if (g_error_matches (unknown, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES))
    g_set_error_literal (error, CHANNELS_HTTP_ERROR, 503,
                         "it cannot be asked now which user this connection belongs to");
  else if (!g_error_matches (unknown, G_IO_ERROR, G_IO_ERROR_CLOSED) &&
           !g_error_matches (unknown, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED))
    g_set_error_literal (error, CHANNELS_HTTP_ERROR, 403,
                         "it is not known which user this connection belongs to");
}

/* Fails without an @error where nobody is there to be told. */
static gboolean
check_user (ChannelsDoor *self, int fd, guint16 port, GError **error)
{
  g_autoptr (GError) unknown = NULL;
  uid_t uid;

  if (self->allow_other_users && port != 0)
    return TRUE;

  if (!channels_peer_uid_get (fd, &uid, &unknown))
    {
      refuse_unknown (unknown, error);
      return FALSE;
    }

  if (uid != geteuid ())
    {
      g_set_error_literal (error, CHANNELS_HTTP_ERROR, 403, "this service belongs to another user");
      return FALSE;
    }

  return TRUE;
}

static void
on_accepted (int fd, guint16 port, gpointer user_data)
{
  ChannelsDoor *self = user_data;
  g_autoptr (GError) error = NULL;

  self->last_knock = g_get_monotonic_time ();
  if (!check_user (self, fd, port, &error))
    {
      ChannelsVisitor visitor = { .fd = fd, .port = port };

      if (error != NULL)
        tell (self, &visitor, error);
      else
        g_close (fd, NULL);
      return;
    }

  if (g_queue_get_length (&self->handshakes) >= CHANNELS_DOOR_HANDSHAKES_MAX)
    channels_handshake_free (g_queue_pop_head (&self->handshakes));

  g_queue_push_tail (&self->handshakes, channels_handshake_new (self->poller, fd, port,
                                                                &self->bounds, on_handshake, self));
}

static void
set_bounds (ChannelsDoor *self, const ChannelsLimits *limits)
{
  self->bounds = (ChannelsHandshakeBounds){
    .head = limits->value[CHANNELS_LIMIT_REQUEST_HEAD],
    .body = limits->value[CHANNELS_LIMIT_REQUEST_BODY],
    .time = limits->value[CHANNELS_LIMIT_REQUEST_TIME] * G_TIME_SPAN_SECOND,
  };
}

/**
 * channels_door_new:
 * @poller: what watches it
 * @limits: bounds of a request
 * @guard: (transfer full): who may come in
 * @allow_other_users: whether other users of this machine may
 * @func: takes who comes
 * @user_data: (closure): passed to @func
 *
 * Returns: (transfer full): a door that is nowhere yet
 */
ChannelsDoor *
channels_door_new (ChannelsPoller *poller,
                   const ChannelsLimits *limits,
                   ChannelsGuard *guard,
                   gboolean allow_other_users,
                   ChannelsDoorFunc func,
                   gpointer user_data)
{
  ChannelsDoor *self = g_new0 (ChannelsDoor, 1);

  self->poller = g_object_ref (poller);
  self->guard = guard;
  self->allow_other_users = allow_other_users;
  set_bounds (self, limits);
  self->listeners = g_ptr_array_new_with_free_func (g_object_unref);
  self->closed = g_ptr_array_new_with_free_func (g_object_unref);
  self->last_knock = g_get_monotonic_time ();
  self->func = func;
  self->user_data = user_data;

  return self;
}

/**
 * channels_door_free:
 * @self: (transfer full): a door
 */
void
channels_door_free (ChannelsDoor *self)
{
  channels_door_close (self);
  g_ptr_array_unref (self->listeners);
  g_ptr_array_unref (self->closed);
  g_free (self->local_path);
  channels_guard_free (self->guard);
  g_object_unref (self->poller);
  g_free (self);
}

/* The address that it listens at, as it stands in a URL. */
static char *
format_host (ChannelsListener *listener, guint16 *out_port)
{
  g_autoptr (GInetSocketAddress) address = channels_listener_get_address (listener);
  GInetAddress *host = g_inet_socket_address_get_address (address);
  g_autofree char *name = g_inet_address_to_string (host);

  *out_port = g_inet_socket_address_get_port (address);

  return g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6 ? g_strdup_printf ("[%s]", name)
                                                                  : g_steal_pointer (&name);
}

static char *
format_url (ChannelsListener *listener, const char *scheme, const char *path)
{
  guint16 port;
  g_autofree char *host = format_host (listener, &port);

  return g_strdup_printf ("%s://%s:%u%s", scheme, host, port, path);
}

/* The loopback address that @host, of a URL, can be reached by; NULL if there is none. */
static const char *
find_loopback (const char *host)
{
  if (g_str_equal (host, "127.0.0.1") || g_str_equal (host, "0.0.0.0"))
    return "127.0.0.1";
  if (g_str_equal (host, "[::1]") || g_str_equal (host, "[::]"))
    return "[::1]";

  return NULL;
}

/* Whoever listens at an address is called by it, and so is the page that comes from there. */
static gboolean
allow_own (ChannelsGuard *guard, ChannelsListener *listener, GError **error)
{
  guint16 port;
  g_autofree char *name = format_host (listener, &port);
  g_autofree char *host = g_strdup_printf ("%s:%u", name, port);
  g_autofree char *origin = g_strconcat ("http://", port == HTTP_PORT ? name : host, NULL);
  const char *loopback = find_loopback (name);

  if (loopback != NULL)
    channels_guard_add_own (guard, loopback, port);

  return channels_guard_add_host (guard, host, error) &&
         channels_guard_add_origin (guard, origin, error);
}

/* Listens with @listener (nullable) as well. */
static gboolean
take_listener (ChannelsDoor *self, ChannelsListener *listener, GError **error)
{
  g_autoptr (ChannelsListener) owned = listener;

  if (owned == NULL || !allow_own (self->guard, owned, error))
    return FALSE;

  g_ptr_array_add (self->listeners, g_steal_pointer (&owned));
  return TRUE;
}

/**
 * channels_door_listen:
 * @self: a door
 * @address: an IPv4 or IPv6 address
 * @port: a port; 0 for a free one
 * @error: return location for a `GError`, or `NULL`
 *
 * Opens it at one more address, which the guard lets in from then on, as a Host and as an Origin.
 * Fails as channels_listener_new() does.
 *
 * Returns: `TRUE` if it listens, `FALSE` with @error set otherwise
 */
gboolean
channels_door_listen (ChannelsDoor *self, const char *address, guint16 port, GError **error)
{
  return take_listener (
      self, channels_listener_new (self->poller, address, port, on_accepted, self, error), error);
}

/**
 * channels_door_adopt:
 * @self: a door
 * @socket: a socket that listens already, and that somebody else holds as well
 * @error: return location for a `GError`, or `NULL`
 *
 * As channels_door_listen(), at a socket that was handed over. Fails as
 * channels_listener_new_adopted() does.
 *
 * Returns: `TRUE` if it listens, `FALSE` with @error set otherwise
 */
gboolean
channels_door_adopt (ChannelsDoor *self, GSocket *socket, GError **error)
{
  return take_listener (
      self, channels_listener_new_adopted (self->poller, socket, on_accepted, self, error), error);
}

/**
 * channels_door_listen_local:
 * @self: a door that has no Unix socket
 * @path: an absolute path
 * @error: return location for a `GError`, or `NULL`
 *
 * Opens it at a Unix socket as well, for programs of this user: who has an Origin is refused there.
 * Fails as channels_local_socket_new() does.
 *
 * Returns: `TRUE` if it listens, `FALSE` with @error set otherwise
 */
gboolean
channels_door_listen_local (ChannelsDoor *self, const char *path, GError **error)
{
  g_autoptr (ChannelsLocalSocket) local = NULL;

  g_return_val_if_fail (self->local == NULL, FALSE);

  local = channels_local_socket_new (path, error);
  if (local == NULL)
    return FALSE;

  self->local_listener = channels_listener_new_local (
      self->poller, channels_local_socket_get_socket (local), on_accepted, self, error);
  if (self->local_listener == NULL)
    return FALSE;

  self->local = g_steal_pointer (&local);
  if (self->local_path == NULL)
    self->local_path = g_strdup (path);
  return TRUE;
}

/**
 * channels_door_change:
 * @self: a door
 * @limits: bounds of a request
 * @guard: (transfer full): who may come in
 * @allow_other_users: whether other users of this machine may
 * @error: return location for a `GError`, or `NULL`
 *
 * Has other rules from now on, for whoever has not come in yet.
 *
 * Returns: `TRUE` if it has, `FALSE` with @error set and the old rules otherwise
 */
gboolean
channels_door_change (ChannelsDoor *self,
                      const ChannelsLimits *limits,
                      ChannelsGuard *guard,
                      gboolean allow_other_users,
                      GError **error)
{
  g_autoptr (ChannelsGuard) owned = guard;

  for (guint i = 0; i < self->listeners->len; i++)
    {
      if (!allow_own (owned, g_ptr_array_index (self->listeners, i), error))
        return FALSE;
    }

  channels_guard_free (self->guard);
  self->guard = g_steal_pointer (&owned);
  self->allow_other_users = allow_other_users;
  set_bounds (self, limits);

  return TRUE;
}

/**
 * channels_door_get_last_knock:
 * @self: a door
 *
 * Returns: when the last connection came, or it was made, in µs of the monotonic clock;
 * `G_MAXINT64` while one has not come in yet
 */
gint64
channels_door_get_last_knock (ChannelsDoor *self)
{
  return g_queue_is_empty (&self->handshakes) ? self->last_knock : G_MAXINT64;
}

static void
close_local (ChannelsDoor *self)
{
  /* Its name first: who finds it finds somebody behind it. */
  g_clear_pointer (&self->local, channels_local_socket_free);
  if (self->local_listener != NULL)
    channels_listener_close (self->local_listener);
  g_clear_object (&self->local_listener);
}

/* Those that would keep an address from whoever comes after us. */
static void
close_own (ChannelsDoor *self)
{
  close_local (self);
  for (guint i = 0; i < self->listeners->len;)
    {
      ChannelsListener *listener = g_ptr_array_index (self->listeners, i);

      if (channels_listener_is_adopted (listener))
        {
          i++;
          continue;
        }

      g_ptr_array_add (self->closed, channels_listener_get_address (listener));
      g_ptr_array_remove_index (self->listeners, i);
    }
}

/**
 * channels_door_pause:
 * @self: a door that is open
 *
 * Lets nobody in until channels_door_resume(): who connects to a socket that was handed over waits
 * there, for us or for whoever gets it next; sockets of our own are closed. Where somebody is
 * waiting already, it stays open.
 *
 * Returns: `TRUE` if it pauses
 */
gboolean
channels_door_pause (ChannelsDoor *self)
{
  gboolean nobody = TRUE;

  for (guint i = 0; i < self->listeners->len; i++)
    nobody = channels_listener_pause (g_ptr_array_index (self->listeners, i)) && nobody;

  if (self->local_listener != NULL)
    nobody = channels_listener_pause (self->local_listener) && nobody;

  if (nobody)
    close_own (self);
  else
    channels_door_resume (self);

  return nobody;
}

static void
resume_local (ChannelsDoor *self)
{
  g_autoptr (GError) error = NULL;

  if (self->local_path == NULL)
    return;

  if (self->local_listener != NULL ? !channels_listener_resume (self->local_listener, &error)
                                   : !channels_door_listen_local (self, self->local_path, &error))
    g_warning ("%s is no longer listened at: %s", self->local_path, error->message);
}

/**
 * channels_door_resume:
 * @self: a door that pauses
 *
 * Lets in again who comes, and those who wait. An address that somebody else has taken meanwhile is
 * lost, with a warning.
 */
void
channels_door_resume (ChannelsDoor *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      g_autoptr (GError) error = NULL;

      if (!channels_listener_resume (g_ptr_array_index (self->listeners, i), &error))
        g_warning ("a socket is no longer listened at: %s", error->message);
    }

  for (guint i = 0; i < self->closed->len; i++)
    {
      GInetSocketAddress *address = g_ptr_array_index (self->closed, i);
      g_autofree char *host =
          g_inet_address_to_string (g_inet_socket_address_get_address (address));
      g_autoptr (GError) error = NULL;

      if (!channels_door_listen (self, host, g_inet_socket_address_get_port (address), &error))
        g_warning ("%s is no longer listened at: %s", host, error->message);
    }
  g_ptr_array_set_size (self->closed, 0);
  resume_local (self);
}

/**
 * channels_door_get_urls:
 * @self: a door
 * @scheme: `http` or `ws`
 * @path: a path
 *
 * Returns: (transfer full) (array zero-terminated=1): the URL of @path at each address that it
 * listens at, in their order
 */
char **
channels_door_get_urls (ChannelsDoor *self, const char *scheme, const char *path)
{
  g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();

  for (guint i = 0; i < self->listeners->len; i++)
    {
      g_autofree char *url = format_url (g_ptr_array_index (self->listeners, i), scheme, path);

      g_strv_builder_add (urls, url);
    }

  return g_strv_builder_end (urls);
}

/**
 * channels_door_close:
 * @self: a door
 *
 * Listens no more, and drops who has not come in yet.
 */
void
channels_door_close (ChannelsDoor *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    channels_listener_close (g_ptr_array_index (self->listeners, i));
  g_ptr_array_set_size (self->listeners, 0);
  close_local (self);
  g_queue_clear_full (&self->handshakes, (GDestroyNotify) channels_handshake_free);
}
