/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-server-private.h"

#include "channels-connection.h"
#include "channels-error.h"
#include "channels-frame.h"
#include "channels-page.h"
#include "channels-secret.h"

#include <sys/socket.h>

/* How long an orderly stop may take before what is left is cut off. */
#define STOP_TIME (1 * G_TIME_SPAN_SECOND)

/**
 * ChannelsServer:
 *
 * The browsers' side of a node: accepts their connections, lets in who may come, and seats each in
 * the audience of its group.
 *
 * A connection's way: accepted, its user asked of the kernel; a handshake until its request's head
 * is here; the guard's rules; its route. Whoever fails a step gets one plain sentence and is
 * closed, before libsoup has seen a byte. Who passes them all gets a page, or becomes a
 * ChannelsConnection.
 */
G_DEFINE_FINAL_TYPE (ChannelsServer, channels_server, G_TYPE_OBJECT)

enum
{
  PROP_CONNECTIONS = 1,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
notify_connections (ChannelsServer *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONNECTIONS]);
}

static void
finish_stop (ChannelsServer *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->stop.task);

  channels_deadlines_clear (channels_poller_get_deadlines (self->poller), &self->stop.deadline);
  g_task_return_boolean (task, TRUE);
}

static void
on_socket_closed (ChannelsSocket *socket, gpointer user_data)
{
  ChannelsServer *self = user_data;

  channels_admission_leave (&self->admission, g_hash_table_lookup (self->sockets, socket));
  g_hash_table_remove (self->sockets, socket);
  g_hash_table_remove (self->refused, socket);
  if (self->stop.task != NULL && g_hash_table_size (self->sockets) == 0)
    finish_stop (self);
}

/* Takes @origin. */
static ChannelsSocket *
make_socket (ChannelsServer *self, int fd, GBytes *request, char *origin)
{
  ChannelsOutboxBudget budget = {
    .bytes = self->limits.value[CHANNELS_LIMIT_BACKLOG],
    .events = self->limits.value[CHANNELS_LIMIT_BACKLOG_EVENTS],
  };
  ChannelsSocket *socket =
      channels_socket_new (self->poller, fd, request, &budget, on_socket_closed, self);

  g_hash_table_insert (self->sockets, socket, origin);

  return socket;
}

static gboolean
is_head (const ChannelsRequestHead *head)
{
  return head != NULL && g_str_equal (head->method, "HEAD");
}

static void
refuse (ChannelsServer *self, ChannelsVisitor *visitor, const GError *error)
{
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (ChannelsSocket) socket = NULL;

  channels_admission_refuse (&self->admission, visitor, error);
  if (g_hash_table_size (self->refused) >= REFUSED_MAX)
    return; /* the door closes it */

  answer = channels_http_error_to_answer (error, is_head (visitor->head));
  socket = make_socket (self, g_steal_fd (&visitor->fd), NULL, NULL);
  g_hash_table_add (self->refused, socket);
  channels_socket_push (socket, answer, 0);
  g_io_stream_close (G_IO_STREAM (socket), NULL, NULL);
}

static void
on_connection_closed (ChannelsConnection *connection, gpointer user_data)
{
  ChannelsServer *self = user_data;

  channels_audiences_drop_if_empty (self->audiences, channels_connection_get_audience (connection));
  g_hash_table_remove (self->connections, connection);
  notify_connections (self);
}

static void
on_upgraded (ChannelsSocket *socket,
             GBytes *early,
             const char *group,
             ChannelsConsumerKind kind,
             gpointer user_data)
{
  ChannelsServer *self = user_data;
  ChannelsConnection *connection;

  if (self->stop.task != NULL)
    {
      g_io_stream_close (G_IO_STREAM (socket), NULL, NULL);
      return;
    }

  connection = channels_connection_new (self->hub, self->poller, &self->limits, socket, early,
                                        channels_audiences_get (self->audiences, group, kind));
  channels_connection_set_closed_func (connection, on_connection_closed, self);
  g_hash_table_add (self->connections, connection);
  notify_connections (self);
}

/* The last checks of an upgrade, which need to know where it leads. */
static gboolean
admit_to_group (ChannelsServer *self,
                ChannelsVisitor *visitor,
                const char *group,
                char **out_origin,
                GError **error)
{
  if (visitor->head->key == NULL)
    {
      g_set_error_literal (error, CHANNELS_HTTP_ERROR, 426,
                           "this is a WebSocket: connect with ws:// instead of http://");
      return FALSE;
    }

  if (g_hash_table_size (self->connections) >= self->limits.value[CHANNELS_LIMIT_CONNECTIONS])
    {
      g_set_error_literal (error, CHANNELS_HTTP_ERROR, 503, "there are too many connections");
      return FALSE;
    }

  return channels_admission_enter (&self->admission, visitor, group, out_origin, error);
}

/* A page is for whoever may have it without a ticket, and is no WebSocket. */
static gboolean
admit_to_page (const ChannelsVisitor *visitor, GError **error)
{
  if (visitor->stranger)
    {
      g_set_error_literal (error, CHANNELS_HTTP_ERROR, 403,
                           "this page's origin may not read what is here");
      return FALSE;
    }

  if (visitor->head->key != NULL)
    {
      g_set_error_literal (error, CHANNELS_HTTP_ERROR, 400,
                           "this is no WebSocket: ask with http:// instead of ws://");
      return FALSE;
    }

  return TRUE;
}

/* Finds out where a request leads, and goes there. Takes the descriptor if it succeeds. */
static gboolean
follow (ChannelsServer *self, ChannelsVisitor *visitor, GError **error)
{
  const ChannelsRequestHead *head = visitor->head;
  g_autofree char *group = NULL;
  char *origin = NULL;
  g_autoptr (GBytes) page = NULL;
  g_autoptr (GBytes) request = NULL;
  g_autoptr (ChannelsSocket) socket = NULL;
  ChannelsConsumerKind kind;
  const char *content_type;
  char *text;

  page = channels_page_find (head->path, &content_type);
  if (page == NULL && !channels_router_match (self->router, head->path, &group, &kind))
    {
      /* A stranger is not told what there is, and counts as refused. */
      if (visitor->stranger)
        g_set_error_literal (error, CHANNELS_HTTP_ERROR, 403, CHANNELS_ADMISSION_NO_TICKET);
      else
        g_set_error_literal (error, CHANNELS_HTTP_ERROR, 404, "there is nothing at this path");
      return FALSE;
    }

  if (page != NULL ? !admit_to_page (visitor, error)
                   : !admit_to_group (self, visitor, group, &origin, error))
    return FALSE;

  text = channels_request_head_to_string (head);
  request = g_bytes_new_take (text, strlen (text));
  socket = make_socket (self, g_steal_fd (&visitor->fd), request, origin);
  if (page != NULL)
    channels_http_serve (self->http, socket, visitor->port, head->origin);
  else
    channels_http_upgrade (self->http, socket, visitor->port, visitor->early, group, kind);

  return TRUE;
}

/* Pages need room beside the connections, but not without a bound. Those who are refused have a
 * bound of their own, and take nobody's place. */
static gboolean
has_room (ChannelsServer *self)
{
  return g_hash_table_size (self->sockets) - g_hash_table_size (self->refused) <
         self->limits.value[CHANNELS_LIMIT_CONNECTIONS] + TRANSIENTS_MAX;
}

static void
on_visitor (ChannelsVisitor *visitor, const GError *error, gpointer user_data)
{
  static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
  ChannelsServer *self = user_data;
  g_autoptr (GError) refusal = NULL;

  if (channels_admission_is_banned (&self->admission, visitor))
    {
      /* The door closes it, without a word. */
      setsockopt (visitor->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      return;
    }

  if (error != NULL)
    refuse (self, visitor, error);
  else if (!has_room (self))
    return;
  else if (!follow (self, visitor, &refusal))
    refuse (self, visitor, refusal);
}

/* What is in a set now, each with a reference: the set changes while they are closed. */
static GPtrArray *
copy_set (GHashTable *set)
{
  GPtrArray *objects = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, set);
  while (g_hash_table_iter_next (&iter, &object, NULL))
    g_ptr_array_add (objects, g_object_ref (object));

  return objects;
}

static void
abort_all (ChannelsServer *self)
{
  g_autoptr (GPtrArray) sockets = copy_set (self->sockets);

  g_ptr_array_foreach (sockets, (GFunc) (gpointer) channels_socket_abort, NULL);
}

static void
on_stop_deadline (ChannelsDeadline *deadline, gint64 now)
{
  abort_all (G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (ChannelsServer, stop.deadline)));
}

static void
channels_server_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  switch (property_id)
    {
    case PROP_CONNECTIONS:
      g_value_set_uint (value, channels_server_get_connections (CHANNELS_SERVER (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
channels_server_dispose (GObject *object)
{
  ChannelsServer *self = CHANNELS_SERVER (object);

  if (self->poller != NULL)
    {
      channels_door_close (self->door);
      abort_all (self);
      channels_deadlines_clear (channels_poller_get_deadlines (self->poller), &self->stop.deadline);
    }
  g_hash_table_remove_all (self->connections);
  g_clear_pointer (&self->audiences, channels_audiences_free);
  g_clear_object (&self->http);
  g_clear_object (&self->poller);
  g_clear_object (&self->hub);

  G_OBJECT_CLASS (channels_server_parent_class)->dispose (object);
}

static void
channels_server_finalize (GObject *object)
{
  ChannelsServer *self = CHANNELS_SERVER (object);

  g_clear_pointer (&self->router, channels_router_unref);
  g_clear_pointer (&self->door, channels_door_free);
  channels_admission_clear (&self->admission);
  g_hash_table_unref (self->sockets);
  g_hash_table_unref (self->refused);
  g_hash_table_unref (self->connections);

  G_OBJECT_CLASS (channels_server_parent_class)->finalize (object);
}

static void
channels_server_class_init (ChannelsServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = channels_server_get_property;
  object_class->dispose = channels_server_dispose;
  object_class->finalize = channels_server_finalize;

  /**
   * ChannelsServer:connections:
   *
   * WebSocket connections now.
   */
  properties[PROP_CONNECTIONS] = g_param_spec_uint ("connections", NULL, NULL, 0, G_MAXUINT, 0,
                                                    G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
channels_server_init (ChannelsServer *self)
{
  channels_admission_init (&self->admission);
  self->sockets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->refused = g_hash_table_new (NULL, NULL);
  self->connections = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->stop.deadline.func = on_stop_deadline;
}

/**
 * channels_server_new:
 * @hub: where browsers' messages go
 * @limits: its bounds
 * @router: which path leads where
 * @guard: (transfer full): who may come in
 * @allow_other_users: whether other users of this machine may
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a server that listens nowhere yet. Fails with a `GIOErrorEnum` where the kernel gives no
 * descriptor.
 *
 * Returns: (transfer full): a server, or `NULL` with @error set
 */
ChannelsServer *
channels_server_new (ChannelsHub *hub,
                     const ChannelsLimits *limits,
                     ChannelsRouter *router,
                     ChannelsGuard *guard,
                     gboolean allow_other_users,
                     GError **error)
{
  g_autoptr (ChannelsServer) self = g_object_new (CHANNELS_TYPE_SERVER, NULL);

  self->poller = channels_poller_new (error);
  if (self->poller == NULL)
    {
      channels_guard_free (guard);
      return NULL;
    }

  self->door = channels_door_new (self->poller, limits, guard, allow_other_users, on_visitor, self);

  self->hub = g_object_ref (hub);
  channels_server_set_rules (self, limits, router);
  self->http = channels_http_new (on_upgraded, self);
  self->audiences =
      channels_audiences_new (hub, self->poller, limits->value[CHANNELS_LIMIT_NESTING]);

  return g_steal_pointer (&self);
}

/**
 * channels_server_get_door:
 * @self: a server
 *
 * Returns: (transfer none): where it listens
 */
ChannelsDoor *
channels_server_get_door (ChannelsServer *self)
{
  return self->door;
}

/**
 * channels_server_get_last_used:
 * @self: a server
 *
 * Returns: when the last connection came, in µs of the monotonic clock; `G_MAXINT64` while there
 * are any
 */
gint64
channels_server_get_last_used (ChannelsServer *self)
{
  return g_hash_table_size (self->sockets) == 0 ? channels_door_get_last_knock (self->door)
                                                : G_MAXINT64;
}

/**
 * channels_server_listen:
 * @self: a server
 * @address: an IPv4 or IPv6 address
 * @port: a port; 0 for a free one
 * @error: return location for a `GError`, or `NULL`
 *
 * Listens at one more address. Fails with a `GIOErrorEnum`, such as `G_IO_ERROR_ADDRESS_IN_USE`.
 *
 * Returns: `TRUE` if it listens, `FALSE` with @error set otherwise
 */
gboolean
channels_server_listen (ChannelsServer *self, const char *address, guint16 port, GError **error)
{
  return channels_door_listen (self->door, address, port, error);
}

/**
 * channels_server_get_urls:
 * @self: a server
 * @scheme: `http` or `ws`
 * @path: a path
 *
 * Returns: (transfer full) (array zero-terminated=1): the URL of @path at each address that it
 * listens at, in their order
 */
char **
channels_server_get_urls (ChannelsServer *self, const char *scheme, const char *path)
{
  return channels_door_get_urls (self->door, scheme, path);
}

/**
 * channels_server_get_connections:
 * @self: a server
 *
 * Returns: WebSocket connections now
 */
guint
channels_server_get_connections (ChannelsServer *self)
{
  return g_hash_table_size (self->connections);
}

/**
 * channels_server_mint_ticket:
 * @self: a server
 * @owner: who asks
 * @groups: (array zero-terminated=1): the groups it lets into; empty for all
 * @origin: the web origin it is for
 * @seconds: how long it lives; 0 for the default
 * @out_url: (out) (transfer full): where to go with it
 * @error: return location for a `GError`, or `NULL`
 *
 * Mints a ticket that lets a page of another origin in, once. Fails with
 * `CHANNELS_ERROR_NOT_ALLOWED` where channels_router_find_path() finds no way to the first of
 * @groups, or to any, and as channels_tickets_mint() does.
 *
 * Returns: (transfer full): the ticket, or `NULL` with @error set
 */
char *
channels_server_mint_ticket (ChannelsServer *self,
                             const char *owner,
                             const char *const *groups,
                             const char *origin,
                             guint seconds,
                             char **out_url,
                             GError **error)
{
  g_autofree char *path = channels_router_find_path (self->router, groups[0]);
  g_autoptr (ChannelsSecret) path_and_query = NULL;
  char **urls;
  char *ticket;

  if (path == NULL)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED, "no route leads to %s",
                   groups[0] != NULL ? groups[0] : "any one group");
      return NULL;
    }

  ticket = channels_tickets_mint (self->admission.tickets, owner, groups, origin, seconds,
                                  g_get_monotonic_time (), error);
  if (ticket == NULL)
    return NULL;

  path_and_query = g_strconcat (path, "?" CHANNELS_TICKET_QUERY_PREFIX, ticket, NULL);
  urls = channels_server_get_urls (self, "ws", path_and_query);
  *out_url = g_strdup (urls[0] != NULL ? urls[0] : "");
  channels_secret_freev (urls);

  return ticket;
}

/**
 * channels_server_stop:
 * @self: a server
 * @cancellable: (nullable): makes it end with an error, though not sooner
 * @callback: (scope async): called when all connections are closed
 * @user_data: (closure): passed to @callback
 *
 * Stops accepting and closes every WebSocket with 1001; what is not closed within a second is cut
 * off.
 */
void
channels_server_stop (ChannelsServer *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GPtrArray) connections = NULL;

  g_return_if_fail (self->stop.task == NULL);

  self->stop.task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->stop.task, channels_server_stop);
  channels_deadlines_set (channels_poller_get_deadlines (self->poller), &self->stop.deadline,
                          g_get_monotonic_time () + STOP_TIME);
  channels_door_close (self->door);

  connections = copy_set (self->connections);
  for (guint i = 0; i < connections->len; i++)
    channels_connection_close (g_ptr_array_index (connections, i), CHANNELS_CLOSE_GOING_AWAY,
                               "the service stops");

  if (g_hash_table_size (self->sockets) == 0)
    finish_stop (self);
}

/**
 * channels_server_stop_finish:
 * @self: a server
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_server_stop(), which fails only where it was cancelled.
 *
 * Returns: `TRUE` if all connections are closed
 */
gboolean
channels_server_stop_finish (ChannelsServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
