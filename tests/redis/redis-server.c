/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "redis-server.h"

#include "channels-test-wait.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Between two looks at whether it listens: it has no other way to say so. */
#define LOOK_MS 10

static gboolean
look_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
is_listening (GSocketAddress *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);

  return connection != NULL;
}

static void
wait_for (GSocketAddress *address)
{
  guint look = g_timeout_add (LOOK_MS, look_cb, NULL);

  channels_test_wait_until (is_listening (address));
  g_source_remove (look);
}

void
redis_server_wait_for_port (guint16 port)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);

  wait_for (address);
}

guint16
redis_server_reserve_port (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int bound = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;

  g_assert_cmpint (bound, >=, 0);
  g_assert_no_errno (setsockopt (bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  g_assert_no_errno (bind (bound, (struct sockaddr *) &address, size));
  g_assert_no_errno (getsockname (bound, (struct sockaddr *) &address, &size));

  return g_ntohs (address.sin_port);
}

void
redis_server_add_launcher (GPtrArray *argv)
{
  g_ptr_array_add (argv, (gpointer) "setpriv");
  g_ptr_array_add (argv, (gpointer) "--pdeathsig");
  g_ptr_array_add (argv, (gpointer) "KILL");
}

RedisServer *
redis_server_new (const char *first_option, ...)
{
  RedisServer *self = g_new0 (RedisServer, 1);
  g_autoptr (GStrvBuilder) options = g_strv_builder_new ();
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, first_option);
  for (const char *option = first_option; option != NULL; option = va_arg (arguments, const char *))
    g_strv_builder_add (options, option);
  va_end (arguments);

  self->folder = g_dir_make_tmp ("channels-redis-XXXXXX", &error);
  g_assert_no_error (error);
  self->socket = g_build_filename (self->folder, "redis.sock", NULL);
  self->port = redis_server_reserve_port ();
  self->options = g_strv_builder_end (options);
  redis_server_start (self);

  return self;
}

void
redis_server_start (RedisServer *self)
{
  g_autofree char *port = g_strdup_printf ("%u", self->port);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->socket);
  const char *common[] = { "redis-server", "--save",     "",           "--appendonly",
                           "no",           "--bind",     "127.0.0.1",  "--port",
                           port,           "--dir",      self->folder, "--unixsocket",
                           self->socket,   "--loglevel", "warning",    "--enable-debug-command",
                           "yes" };
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  redis_server_add_launcher (argv);
  for (guint i = 0; i < G_N_ELEMENTS (common); i++)
    g_ptr_array_add (argv, (gpointer) common[i]);
  for (guint i = 0; self->options[i] != NULL; i++)
    g_ptr_array_add (argv, self->options[i]);
  g_ptr_array_add (argv, NULL);

  g_unlink (self->socket);
  self->process = g_subprocess_newv ((const char *const *) argv->pdata,
                                     G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
  g_assert_no_error (error);
  wait_for (address);
}

void
redis_server_kill (RedisServer *self)
{
  if (self->process == NULL)
    return;

  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_clear_object (&self->process);
}

void
redis_server_free (RedisServer *self)
{
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, NULL);
  const char *name;

  redis_server_kill (self);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (self->folder);

  g_free (self->folder);
  g_free (self->socket);
  g_strfreev (self->options);
  g_free (self);
}

char *
redis_server_cli (RedisServer *self, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  va_list arguments;

  g_ptr_array_add (argv, (gpointer) "redis-cli");
  g_ptr_array_add (argv, (gpointer) "-s");
  g_ptr_array_add (argv, self->socket);
  va_start (arguments, self);
  for (char *word = va_arg (arguments, char *); word != NULL; word = va_arg (arguments, char *))
    g_ptr_array_add (argv, word);
  va_end (arguments);
  g_ptr_array_add (argv, NULL);

  process =
      g_subprocess_newv ((const char *const *) argv->pdata,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  g_assert_no_error (error);

  return g_strchomp (output);
}
