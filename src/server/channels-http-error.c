/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-http-error.h"

#include <string.h>

G_DEFINE_QUARK (channels_http_error_quark, channels_http_error)

const ChannelsHttpField channels_http_fields[] = {
  { "X-Frame-Options", "DENY" },
  { "X-Content-Type-Options", "nosniff" },
  { "Referrer-Policy", "no-referrer" },
  { "Cache-Control", "no-store" },
  { "Connection", "close" },
  { NULL, NULL },
};

/* The reason phrase of each status that this house gives; 500's for any other. */
static const char *
reason_phrase (int *inout_status)
{
  static const struct
  {
    int status;
    const char *phrase;
  } phrases[] = {
    { 400, "Bad Request" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 426, "Upgrade Required" },
    { 431, "Request Header Fields Too Large" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
    {
      if (phrases[i].status == *inout_status)
        return phrases[i].phrase;
    }

  *inout_status = 500;
  return "Internal Server Error";
}

static const char *
extra_fields (int status)
{
  switch (status)
    {
    case 405:
      return "Allow: GET, HEAD\r\n";
    case 426:
      return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    default:
      return "";
    }
}

/* A message, as errors have them, as a line for people. */
static char *
make_sentence (const char *message)
{
  char *sentence = g_strconcat (message, ".", NULL);

  for (char *c = sentence; *c != '\0'; c++)
    {
      if (!g_ascii_isprint (*c))
        *c = '?';
    }
  sentence[0] = g_ascii_toupper (sentence[0]);

  return sentence;
}

/**
 * channels_http_error_to_answer:
 * @error: why, in the domain `CHANNELS_HTTP_ERROR`
 * @head_only: whether it was asked with HEAD: RFC 9110, 9.3.2
 *
 * Writes the whole answer to a request that is refused, its body the error's message as a sentence
 * of plain text. The connection is to be closed after it.
 *
 * An error of another domain, or with a status that is not ours, is answered with 500 and its
 * message kept back. Bytes of a message that are not printable ASCII become `?`.
 *
 * Returns: (transfer full): status line, fields and body
 */
GBytes *
channels_http_error_to_answer (const GError *error, gboolean head_only)
{
  g_autofree char *sentence = NULL;
  const char *phrase;
  int status;
  GString *answer;

  g_return_val_if_fail (error != NULL, NULL);

  status = error->domain == CHANNELS_HTTP_ERROR ? error->code : 500;
  phrase = reason_phrase (&status);
  sentence = make_sentence (status != 500 ? error->message : "the request could not be answered");

  answer = g_string_new (NULL);
  g_string_append_printf (answer,
                          "HTTP/1.1 %d %s\r\n"
                          "Content-Type: text/plain; charset=utf-8\r\n"
                          "Content-Length: %" G_GSIZE_FORMAT "\r\n"
                          "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
                          "Cross-Origin-Resource-Policy: same-origin\r\n",
                          status, phrase, strlen (sentence) + 1);
  for (guint i = 0; channels_http_fields[i].name != NULL; i++)
    g_string_append_printf (answer, "%s: %s\r\n", channels_http_fields[i].name,
                            channels_http_fields[i].value);
  g_string_append_printf (answer, "%s\r\n", extra_fields (status));
  if (!head_only)
    g_string_append_printf (answer, "%s\n", sentence);

  return g_string_free_to_bytes (answer);
}
