/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-http.h"

#include "channels-http-error.h"
#include "channels-page.h"
#include "channels-request-head.h"

#include <libsoup/soup.h>

typedef struct
{
  ChannelsSocket *socket; /* (owned) */
  guint16 port;
  char *origin;  /* (owned) (nullable): of who asks for a page, and may have it */
  GBytes *early; /* (owned) (nullable) */
  char *group;   /* (owned) (nullable): NULL where it only wants a page */
  ChannelsConsumerKind kind;
} Visit;

/**
 * ChannelsHttp:
 *
 * HTTP by libsoup, for requests that were found good: the pages, and the upgrade to WebSocket.
 *
 * SoupServer listens nowhere: it is given each socket with its checked request in front. For an
 * upgrade it checks and answers the handshake; once that is written the stream is taken from it,
 * and the conversation starts on the same socket. soup_server_add_websocket_handler() is not used:
 * it keeps a handshake's extensions at the handler, where an aborted upgrade leaves them for the
 * next.
 *
 * Which socket a message came in on is told by its remote address, of which each has its own
 * object.
 */
struct _ChannelsHttp
{
  GObject parent_instance;

  SoupServer *server; /* (owned) */
  ChannelsHttpUpgradedFunc upgraded;
  gpointer user_data; /* (unowned) */
};

G_DEFINE_FINAL_TYPE (ChannelsHttp, channels_http, G_TYPE_OBJECT)

static void
visit_free (Visit *visit)
{
  g_object_unref (visit->socket);
  g_free (visit->origin);
  g_clear_pointer (&visit->early, g_bytes_unref);
  g_free (visit->group);
  g_free (visit);
}

static GQuark
visit_quark (void)
{
  return g_quark_from_static_string ("channels-http-visit");
}

static Visit *
get_visit (SoupServerMessage *message)
{
  return g_object_get_qdata (G_OBJECT (soup_server_message_get_remote_address (message)),
                             visit_quark ());
}

/* A page of another origin that the guard lets in may import our module: Fetch, 3.2. */
static void
append_origin_fields (SoupMessageHeaders *fields, const char *origin)
{
  soup_message_headers_append (fields, "Vary", "Origin");
  soup_message_headers_append (fields, "Cross-Origin-Resource-Policy",
                               origin != NULL ? "cross-origin" : "same-origin");
  if (origin != NULL)
    soup_message_headers_append (fields, "Access-Control-Allow-Origin", origin);
}

static void
append_security_fields (SoupMessageHeaders *fields, guint16 port)
{
  /* 'self' is not yet the WebSocket of the same host and port everywhere. */
  g_autofree char *policy = g_strdup_printf (
      "default-src 'self'; connect-src 'self' ws://127.0.0.1:%u ws://localhost:%u; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      port, port);

  soup_message_headers_append (fields, "Content-Security-Policy", policy);
  for (guint i = 0; channels_http_fields[i].name != NULL; i++)
    soup_message_headers_append (fields, channels_http_fields[i].name,
                                 channels_http_fields[i].value);
}

static void
answer_page (SoupServerMessage *message, const char *path, const Visit *visit)
{
  SoupMessageHeaders *fields = soup_server_message_get_response_headers (message);
  const char *content_type;
  g_autoptr (GBytes) body = channels_page_find (path, &content_type);

  if (body == NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
      return;
    }

  append_security_fields (fields, visit->port);
  append_origin_fields (fields, visit->origin);
  soup_message_headers_set_content_type (fields, content_type, NULL);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), body);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
}

static void
on_wrote_informational (SoupServerMessage *message, ChannelsHttp *self)
{
  Visit *visit = get_visit (message);
  g_autoptr (ChannelsSocket) socket = g_object_ref (visit->socket);
  g_autoptr (GBytes) early = visit->early != NULL ? g_bytes_ref (visit->early) : NULL;
  ChannelsConsumerKind kind = visit->kind;
  g_autofree char *group = g_strdup (visit->group);

  /* What is stolen is libsoup's wrapper: it has read the request, which is all it was given, and
   * lets go of our socket without closing it. */
  g_object_unref (soup_server_message_steal_connection (message));
  self->upgraded (socket, early, group, kind, self->user_data);
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  static char *protocols[] = { (char *) CHANNELS_SUBPROTOCOL, NULL };
  ChannelsHttp *self = user_data;
  Visit *visit = get_visit (message);

  if (visit->group == NULL)
    answer_page (message, path, visit);
  else if (soup_websocket_server_process_handshake (message, NULL, protocols, NULL, NULL))
    g_signal_connect_object (message, "wrote-informational", G_CALLBACK (on_wrote_informational),
                             self, 0);
}

static void
channels_http_dispose (GObject *object)
{
  ChannelsHttp *self = CHANNELS_HTTP (object);

  if (self->server != NULL)
    {
      soup_server_remove_handler (self->server, NULL);
      soup_server_disconnect (self->server);
    }
  g_clear_object (&self->server);

  G_OBJECT_CLASS (channels_http_parent_class)->dispose (object);
}

static void
channels_http_class_init (ChannelsHttpClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = channels_http_dispose;
}

static void
channels_http_init (ChannelsHttp *self)
{
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
}

/**
 * channels_http_new:
 * @upgraded: takes each socket whose upgrade was answered
 * @user_data: (closure): passed to @upgraded
 *
 * Returns: (transfer full): a server of requests
 */
ChannelsHttp *
channels_http_new (ChannelsHttpUpgradedFunc upgraded, gpointer user_data)
{
  ChannelsHttp *self = g_object_new (CHANNELS_TYPE_HTTP, NULL);

  self->upgraded = upgraded;
  self->user_data = user_data;

  return self;
}

/* Takes the visit. */
static void
accept_visit (ChannelsHttp *self, Visit *visit)
{
  GIOStream *stream = G_IO_STREAM (visit->socket);
  g_autoptr (GSocketAddress) local =
      g_inet_socket_address_new_from_string ("127.0.0.1", visit->port);
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  g_object_set_qdata_full (G_OBJECT (remote), visit_quark (), visit, (GDestroyNotify) visit_free);
  if (!soup_server_accept_iostream (self->server, stream, local, remote, &error))
    {
      g_warning ("libsoup did not take a connection: %s", error->message);
      g_io_stream_close (stream, NULL, NULL);
    }
}

/**
 * channels_http_serve:
 * @self: a server of requests
 * @socket: a socket that has a good request for a page in front
 * @port: the port that it came in on
 * @origin: (nullable): the origin of the page that asks, which may have it
 *
 * Answers it and closes.
 */
void
channels_http_serve (ChannelsHttp *self, ChannelsSocket *socket, guint16 port, const char *origin)
{
  Visit *visit = g_new0 (Visit, 1);

  visit->socket = g_object_ref (socket);
  visit->port = port;
  visit->origin = g_strdup (origin);

  accept_visit (self, visit);
}

/**
 * channels_http_upgrade:
 * @self: a server of requests
 * @socket: a socket that has a good request for an upgrade in front
 * @port: the port that it came in on
 * @early: (nullable): what came behind the request
 * @group: the group that its route leads to
 * @kind: its route's consumer
 *
 * Answers it and hands the socket on.
 */
void
channels_http_upgrade (ChannelsHttp *self,
                       ChannelsSocket *socket,
                       guint16 port,
                       GBytes *early,
                       const char *group,
                       ChannelsConsumerKind kind)
{
  Visit *visit = g_new0 (Visit, 1);

  visit->socket = g_object_ref (socket);
  visit->port = port;
  visit->early = early != NULL ? g_bytes_ref (early) : NULL;
  visit->group = g_strdup (group);
  visit->kind = kind;

  accept_visit (self, visit);
}
