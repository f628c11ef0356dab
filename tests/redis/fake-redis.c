/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fake-redis.h"

#include <string.h>

typedef struct
{
  FakeRedis *server;             /* (unowned) */
  GSocketConnection *connection; /* (owned) */
  GString *received;             /* (owned): no whole command yet */
  GSource *readable;             /* (owned) */
} FakeClient;

static void
client_free (FakeClient *self)
{
  g_source_destroy (self->readable);
  g_source_unref (self->readable);
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_object_unref (self->connection);
  g_string_free (self->received, TRUE);
  g_free (self);
}

static void
client_write (FakeClient *self, const char *data, gsize length)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));

  /* Whoever went away meanwhile does not want it. */
  g_output_stream_write_all (output, data, length, NULL, NULL, NULL);
}

/* Does what the script says; FALSE where the client is gone then. */
static gboolean
client_answer (FakeClient *self, const char *verb)
{
  const FakeReply *reply = self->server->script;
  gsize length;

  while (reply->verb != NULL && strcmp (reply->verb, verb) != 0)
    reply++;

  if (reply->verb == NULL)
    {
      client_write (self, "+OK\r\n", 5);
      return TRUE;
    }

  length = reply->reply == NULL ? 0 : reply->length > 0 ? reply->length : strlen (reply->reply);
  for (gsize i = 0; reply->bytewise && i < length; i++)
    client_write (self, reply->reply + i, 1);
  if (!reply->bytewise && length > 0)
    client_write (self, reply->reply, length);

  if (reply->hang_up)
    g_ptr_array_remove (self->server->clients, self);
  return !reply->hang_up;
}

/* The next whole command, taken off what was received: (transfer full), or `NULL`. */
static GPtrArray *
client_take_command (FakeClient *self)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  const char *at = self->received->str;
  const char *end = at + self->received->len;
  guint n;

  if (strstr (at, "\r\n") == NULL)
    return NULL;

  g_assert_cmpint (at[0], ==, '*');
  n = atoi (at + 1);
  at = strstr (at, "\r\n") + 2;

  while (words->len < n)
    {
      const char *line = memmem (at, end - at, "\r\n", 2);
      gssize length = line != NULL ? atoi (at + 1) : 0;

      if (line == NULL || end - line - 4 < length)
        return NULL;
      g_ptr_array_add (words, g_strndup (line + 2, length));
      at = line + 2 + length + 2;
    }

  g_string_erase (self->received, 0, at - self->received->str);
  g_ptr_array_add (words, NULL);
  return g_steal_pointer (&words);
}

static gboolean
on_readable (GObject *pollable, gpointer user_data)
{
  FakeClient *self = user_data;
  FakeRedis *server = self->server;
  char data[65536];
  gssize size = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (pollable), data,
                                                          sizeof data, NULL, NULL);
  GPtrArray *words;

  if (size <= 0)
    {
      g_ptr_array_remove (server->clients, self);
      return G_SOURCE_REMOVE;
    }

  g_string_append_len (self->received, data, size);
  while ((words = client_take_command (self)) != NULL)
    {
      g_autoptr (GPtrArray) owned = words;

      g_ptr_array_add (server->commands, g_strjoinv (" ", (char **) words->pdata));
      if (!client_answer (self, g_ptr_array_index (owned, 0)))
        return G_SOURCE_REMOVE;
    }

  return G_SOURCE_CONTINUE;
}

static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source_object,
             gpointer user_data)
{
  FakeRedis *self = user_data;
  FakeClient *client = g_new0 (FakeClient, 1);
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  self->n_connections++;
  client->server = self;
  client->connection = g_object_ref (connection);
  client->received = g_string_new (NULL);
  client->readable = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);
  g_source_set_callback (client->readable, G_SOURCE_FUNC (on_readable), client, NULL);
  g_source_attach (client->readable, NULL);
  g_ptr_array_add (self->clients, client);

  return TRUE;
}

FakeRedis *
fake_redis_new (const FakeReply *script)
{
  FakeRedis *self = g_new0 (FakeRedis, 1);
  g_autoptr (GError) error = NULL;

  self->script = script;
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);
  self->commands = g_ptr_array_new_with_free_func (g_free);
  self->service = g_socket_service_new ();
  self->port =
      g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (self->service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);

  return self;
}

void
fake_redis_free (FakeRedis *self)
{
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_ptr_array_unref (self->clients);
  g_ptr_array_unref (self->commands);
  g_free (self);
}

void
fake_redis_say (FakeRedis *self, const char *text)
{
  for (guint i = 0; i < self->clients->len; i++)
    client_write (g_ptr_array_index (self->clients, i), text, strlen (text));
}

char *
fake_redis_get_url (FakeRedis *self)
{
  return g_strdup_printf ("redis://127.0.0.1:%u/0", self->port);
}

guint
fake_redis_count (FakeRedis *self, const char *command)
{
  guint n = 0;

  for (guint i = 0; i < self->commands->len; i++)
    n += strcmp (g_ptr_array_index (self->commands, i), command) == 0;

  return n;
}
