/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-options.h"

#include "load-ledger.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MIN (1 + LOAD_DIGITS) /* the mark and the number */
#define SIZE_MAX_BYTES (1 << 20)
#define WINDOW_MAX (1 << 16)

/* Around a text that a browser sends: what the chat consumer takes. */
#define CHAT_PREFIX "{\"message\": \""
#define CHAT_SUFFIX "\"}"

static gboolean
fail (GError **error, const char *what, const char *value)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %s", what, value);

  return FALSE;
}

/* Takes bytes as they are typed: \xNN is a byte, \\ a backslash. */
static gboolean
parse_bytes (const char *text, GBytes **out_bytes, GError **error)
{
  GByteArray *bytes = g_byte_array_new ();

  for (const char *at = text; *at != '\0'; at++)
    {
      guint8 byte = (guint8) *at;

      if (at[0] == '\\' && at[1] == '\\')
        {
          at++;
        }
      else if (at[0] == '\\' && at[1] == 'x' && g_ascii_isxdigit (at[2]) &&
               g_ascii_isxdigit (at[3]))
        {
          byte = (guint8) (g_ascii_xdigit_value (at[2]) << 4 | g_ascii_xdigit_value (at[3]));
          at += 3;
        }
      else if (at[0] == '\\')
        {
          g_byte_array_unref (bytes);
          return fail (error, "neither \\\\ nor \\xNN", at);
        }
      g_byte_array_append (bytes, &byte, 1);
    }
  *out_bytes = g_byte_array_free_to_bytes (bytes);

  return TRUE;
}

/* Takes process numbers with commas between. */
static gboolean
parse_pids (const char *text, GArray *pids, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      gint64 number = g_ascii_strtoll (words[i], NULL, 10);
      int pid = (int) number;

      if (number <= 0 || number > G_MAXINT)
        return fail (error, "no process", words[i]);
      g_array_append_val (pids, pid);
    }

  return TRUE;
}

static gboolean
check (const LoadOptions *self, GError **error)
{
  if (self->port < 1 || self->port > G_MAXUINT16)
    return fail (error, "--port", "1 to 65535");
  if (self->publish_port < 0 || self->publish_port > G_MAXUINT16)
    return fail (error, "--publish-port", "1 to 65535");
  if (self->tabs < 1 || self->at_once < 1 || self->warm_up < 0 || self->messages < 0)
    return fail (error, "--tabs, --at-once, --warm-up, --messages", "out of range");
  if (self->size < SIZE_MIN || self->size > SIZE_MAX_BYTES)
    return fail (error, "--size", "9 to 1048576");
  if (self->window < 1 || self->window > WINDOW_MAX)
    return fail (error, "--window", "1 to 65536");
  if (self->rate < 0 || self->seconds < 0 || self->idle < 0 || self->patience <= 0)
    return fail (error, "--rate, --seconds, --idle, --patience", "out of range");

  return TRUE;
}

static void
set_defaults (LoadOptions *self)
{
  memset (self, 0, sizeof *self);
  self->pids = g_array_new (FALSE, FALSE, sizeof (int));
  self->tabs = 1;
  self->at_once = 64;
  self->size = 64;
  self->window = 64;
  self->patience = 5;
}

void
load_options_init_chat (LoadOptions *self, int port, const char *path, int window)
{
  set_defaults (self);
  self->port = port;
  self->path = g_strdup (path);
  self->window = window;
  self->hello = g_bytes_new (NULL, 0);
  self->ready = g_bytes_new (NULL, 0);
  self->prefix = g_bytes_new_static (CHAT_PREFIX, strlen (CHAT_PREFIX));
  self->suffix = g_bytes_new_static (CHAT_SUFFIX, strlen (CHAT_SUFFIX));
}

gboolean
load_options_parse (LoadOptions *self, int *argc, char ***argv, GError **error)
{
  g_autofree char *hello = NULL;
  g_autofree char *ready = NULL;
  g_autofree char *prefix = NULL;
  g_autofree char *suffix = NULL;
  g_autofree char *pids = NULL;
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &self->port, "Where tabs connect to", "PORT" },
    { "publish-port", 0, 0, G_OPTION_ARG_INT, &self->publish_port,
      "Publish there, by a connection that is no tab; by default the first tab does", "PORT" },
    { "path", 0, 0, G_OPTION_ARG_STRING, &self->path, "Of the WebSocket", "PATH" },
    { "protocol", 0, 0, G_OPTION_ARG_STRING, &self->protocol, "WebSocket subprotocol", "NAME" },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &self->raw, "TCP without WebSocket", NULL },
    { "binary", 0, 0, G_OPTION_ARG_NONE, &self->binary, "Binary frames", NULL },
    { "quick-ack", 0, 0, G_OPTION_ARG_NONE, &self->quick, "Acknowledge at once", NULL },
    { "hello", 0, 0, G_OPTION_ARG_STRING, &hello, "What each sends first", "BYTES" },
    { "ready", 0, 0, G_OPTION_ARG_STRING, &ready, "Part of the answer to that", "BYTES" },
    { "prefix", 0, 0, G_OPTION_ARG_STRING, &prefix, "Before each message", "BYTES" },
    { "suffix", 0, 0, G_OPTION_ARG_STRING, &suffix, "Behind each message", "BYTES" },
    { "pids", 0, 0, G_OPTION_ARG_STRING, &pids, "The servers' processes", "PID,…" },
    { "tabs", 0, 0, G_OPTION_ARG_INT, &self->tabs, "Number of tabs", "N" },
    { "at-once", 0, 0, G_OPTION_ARG_INT, &self->at_once, "That connect at once", "N" },
    { "size", 0, 0, G_OPTION_ARG_INT, &self->size, "Of a message", "BYTES" },
    { "warm-up", 0, 0, G_OPTION_ARG_INT, &self->warm_up, "Messages before", "N" },
    { "messages", 0, 0, G_OPTION_ARG_INT, &self->messages, "At most; 0: any number", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &self->seconds, "At most; 0: any time", "S" },
    { "window", 0, 0, G_OPTION_ARG_INT, &self->window, "Messages under way", "N" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &self->rate, "Messages a second", "N" },
    { "idle", 0, 0, G_OPTION_ARG_DOUBLE, &self->idle, "Be silent before", "S" },
    { "tell", 0, 0, G_OPTION_ARG_NONE, &self->tell, "Print a line when messages begin", NULL },
    { "patience", 0, 0, G_OPTION_ARG_DOUBLE, &self->patience, "For what is lost", "S" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  set_defaults (self);
  g_option_context_add_main_entries (context, entries, NULL);

  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  if (self->path == NULL)
    self->path = g_strdup ("/");

  return parse_bytes (hello != NULL ? hello : "", &self->hello, error) &&
         parse_bytes (ready != NULL ? ready : "", &self->ready, error) &&
         parse_bytes (prefix != NULL ? prefix : "", &self->prefix, error) &&
         parse_bytes (suffix != NULL ? suffix : "", &self->suffix, error) &&
         (pids == NULL || parse_pids (pids, self->pids, error)) && check (self, error);
}

void
load_options_clear (LoadOptions *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->protocol, g_free);
  g_clear_pointer (&self->hello, g_bytes_unref);
  g_clear_pointer (&self->ready, g_bytes_unref);
  g_clear_pointer (&self->prefix, g_bytes_unref);
  g_clear_pointer (&self->suffix, g_bytes_unref);
  g_clear_pointer (&self->pids, g_array_unref);
}
