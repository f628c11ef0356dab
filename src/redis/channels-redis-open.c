/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-open.h"

#include "channels-redis-timer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* The kernel asks a silent peer whether it is there, and gives up after 10 + 3 × 5 s; and after as
 * long where what was sent is not acknowledged. Our own heartbeat is quicker: this is for a machine
 * that is gone while nothing of ours runs. */
#define KEEPALIVE_IDLE_S 10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 15000

/* What one attempt needs until it ends: GSocketClient's own time-out is in whole seconds, and would
 * stay with the socket. */
typedef struct
{
  GSocketClient *client;     /* (owned) */
  GCancellable *cancellable; /* (owned): by the time-out, and by the caller's */
  gulong caller;             /* the connection of the two */
  GSource *timer;            /* (owned) */
  GTlsDatabase *authorities; /* (owned) (nullable): `NULL` for the system's */
} Attempt;

static void
attempt_free (Attempt *self)
{
  channels_redis_timer_clear (&self->timer);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->authorities);
  g_free (self);
}

static gboolean
on_timeout (gpointer user_data)
{
  Attempt *self = user_data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_CONTINUE;
}

static void
on_caller_cancelled (GCancellable *caller, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
on_event (GSocketClient *client,
          GSocketClientEvent event,
          GSocketConnectable *connectable,
          GIOStream *stream,
          gpointer user_data)
{
  Attempt *self = user_data;

  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING && self->authorities != NULL)
    g_tls_connection_set_database (G_TLS_CONNECTION (stream), self->authorities);
}

static void
set_options (GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return;

  /* None of them is more than a help, so a kernel that refuses one is no reason to stop. */
  g_socket_set_keepalive (socket, TRUE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS, NULL);
}

static void
connect_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = NULL;

  connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  channels_redis_timer_clear (&self->timer);
  g_cancellable_disconnect (g_task_get_cancellable (task), self->caller);

  if (connection != NULL)
    {
      set_options (connection);
      g_task_return_pointer (task, g_steal_pointer (&connection), g_object_unref);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no connection in time");
    }
  else
    {
      g_task_return_error (task, g_steal_pointer (&error));
    }
}

/**
 * channels_redis_host_to_connectable:
 * @host: a host
 *
 * Returns: (transfer full): the same for GIO; a name is resolved when it is connected to
 */
GSocketConnectable *
channels_redis_host_to_connectable (const ChannelsRedisHost *host)
{
  return g_network_address_new (host->name, host->port);
}

/**
 * channels_redis_open_async:
 * @connectable: where to
 * @tls: (nullable): an address whose `tls` and `ca_file` are obeyed; `NULL` for no TLS
 * @timeout: µs that it may take, from the name to the end of TLS' handshake
 * @cancellable: (nullable): ends the attempt
 * @callback: called when it has ended
 * @user_data: (closure): passed to @callback
 *
 * Connects. Fails with whatever GIO says, with a `GTlsError` where the certificate is not good for
 * the host, or with `G_IO_ERROR_TIMED_OUT`.
 */
void
channels_redis_open_async (GSocketConnectable *connectable,
                           const ChannelsRedisAddress *tls,
                           gint64 timeout,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Attempt *self = g_new0 (Attempt, 1);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, channels_redis_open_async);
  g_task_set_task_data (task, self, (GDestroyNotify) attempt_free);

  if (tls != NULL && tls->ca_file != NULL)
    {
      self->authorities = g_tls_file_database_new (tls->ca_file, &error);
      if (self->authorities == NULL)
        {
          g_task_return_error (task, g_steal_pointer (&error));
          return;
        }
    }

  self->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (self->client, FALSE);
  g_socket_client_set_tls (self->client, tls != NULL && tls->tls);
  g_signal_connect (self->client, "event", G_CALLBACK (on_event), self);

  self->cancellable = g_cancellable_new ();
  if (cancellable != NULL)
    self->caller = g_cancellable_connect (cancellable, G_CALLBACK (on_caller_cancelled),
                                          g_object_ref (self->cancellable), g_object_unref);
  self->timer = channels_redis_timer_new ("[channels] redis connect", on_timeout, self);
  g_source_set_ready_time (self->timer, g_get_monotonic_time () + timeout);

  g_socket_client_connect_async (self->client, connectable, self->cancellable, connect_cb,
                                 g_steal_pointer (&task));
}

/**
 * channels_redis_open_finish:
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: (transfer full): a connection, or `NULL` with @error set
 */
GSocketConnection *
channels_redis_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
