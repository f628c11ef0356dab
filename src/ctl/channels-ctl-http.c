/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-http.h"

#include "channels-ctl-deadline.h"
#include "channels-ctl-error.h"

#include <glib/gi18n.h>
#include <string.h>

/* As much HTTP/1.1 (RFC 9112) as it takes to ask our own service whether it is there: one request,
 * whose answer ends with the connection. */

#define ANSWER_MAX ((gsize) 64 * 1024) /* bytes that are looked at */
#define HEAD_END "\r\n\r\n"
#define POLICY "Content-Security-Policy:"

static gboolean
fail (GError **error, const char *why)
{
  g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED, why);
  return FALSE;
}

/* (nullable) (transfer full): what stands behind a field's name, of a head without its end */
static char *
find_field (const char *head, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_ascii_strncasecmp (lines[i], name, strlen (name)) == 0)
        return g_utf8_make_valid (g_strstrip (lines[i] + strlen (name)), -1);
    }

  return NULL;
}

/**
 * channels_ctl_http_parse:
 * @text: what came, up to a NUL
 * @out_answer: (out caller-allocates): the same taken apart; to be cleared
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED`, and leaves @out_answer alone.
 *
 * Returns: whether it is an answer of HTTP/1, with @error set otherwise
 */
gboolean
channels_ctl_http_parse (const char *text, ChannelsCtlHttp *out_answer, GError **error)
{
  const char *end = strstr (text, HEAD_END);
  g_autofree char *head = NULL;
  guint64 status;
  g_autofree char *digits = NULL;

  if (end == NULL || !g_str_has_prefix (text, "HTTP/1.") || strlen (text) < strlen ("HTTP/1.1 200"))
    return fail (error, _ ("it does not speak HTTP"));

  digits = g_strndup (text + strlen ("HTTP/1.1 "), 3);
  if (!g_ascii_string_to_unsigned (digits, 10, 100, 999, &status, NULL))
    return fail (error, _ ("it does not speak HTTP"));

  head = g_strndup (text, end - text);
  out_answer->status = (guint) status;
  out_answer->policy = find_field (head, POLICY);
  out_answer->body = g_utf8_make_valid (end + strlen (HEAD_END), -1);

  return TRUE;
}

/* Reads until the other side ends, or enough has come. */
static gboolean
talk (GIOStream *connection,
      const char *request,
      GCancellable *cancellable,
      ChannelsCtlHttp *out_answer,
      GError **error)
{
  g_autofree char *text = g_malloc (ANSWER_MAX + 1);
  gsize length;

  if (!g_output_stream_write_all (g_io_stream_get_output_stream (connection), request,
                                  strlen (request), NULL, cancellable, error) ||
      !g_input_stream_read_all (g_io_stream_get_input_stream (connection), text, ANSWER_MAX,
                                &length, cancellable, error))
    return FALSE;

  text[length] = '\0';
  return channels_ctl_http_parse (text, out_answer, error);
}

/**
 * channels_ctl_http_get:
 * @page: an http: URL
 * @path: what is asked for there, such as `/health`
 * @timeout: µs that it may take, all together
 * @out_answer: (out caller-allocates): what came; to be cleared
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where @page is no such URL, or what comes is no HTTP, or
 * nothing comes in time; and with whatever GIO says where there is no connection.
 *
 * Returns: whether there was an answer, of whatever status, with @error set otherwise
 */
gboolean
channels_ctl_http_get (const char *page,
                       const char *path,
                       gint64 timeout,
                       ChannelsCtlHttp *out_answer,
                       GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (page, G_URI_FLAGS_NONE, NULL);
  g_autoptr (ChannelsCtlDeadline) deadline = NULL;
  g_autoptr (GSocketClient) client = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GSocketConnectable) address = NULL;
  g_autoptr (GError) io_error = NULL;
  g_autofree char *request = NULL;
  const char *authority = page + strlen ("http://");
  GCancellable *cancellable;

  if (uri == NULL || !g_str_has_prefix (page, "http://") || g_uri_get_host (uri) == NULL)
    return fail (error, _ ("that is no address of a page"));

  deadline = channels_ctl_deadline_new (timeout);
  cancellable = channels_ctl_deadline_get_cancellable (deadline);
  client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  address = g_network_address_new (g_uri_get_host (uri),
                                   g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : 80);
  connection = g_socket_client_connect (client, address, cancellable, &io_error);
  request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n\r\n", path,
                             (int) strcspn (authority, "/?#"), authority);
  if (connection != NULL &&
      talk (G_IO_STREAM (connection), request, cancellable, out_answer, &io_error))
    return TRUE;

  if (g_error_matches (io_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return fail (error, _ ("it does not answer in time"));

  g_propagate_error (error, g_steal_pointer (&io_error));
  return FALSE;
}

/**
 * channels_ctl_http_clear:
 * @self: an answer
 */
void
channels_ctl_http_clear (ChannelsCtlHttp *self)
{
  g_clear_pointer (&self->policy, g_free);
  g_clear_pointer (&self->body, g_free);
}
