/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "sentinel-server.h"

#include "redis-server.h"

#include "channels-test-wait.h"

#include <glib/gstdio.h>
#include <string.h>

/* Between two looks at what a Redis says. */
#define LOOK_MS 20

/* ms: how often it does what it else does every second or two, or every ten. Four times the
 * publish-period after a failover it demotes the old master, or a new one that it has not been told
 * of: the one should not be long, nor the other be near. A Sentinel whose process was starved acts
 * again on what it sees after a second. */
#define QUICK                                                                                      \
  "SENTINEL DEBUG info-period 100 ask-period 100 publish-period 1000 "                             \
  "tilt-period 1000 election-timeout 1000"

SentinelServer *
sentinel_server_new (guint16 port, guint quorum, guint down_after)
{
  SentinelServer *self = g_new0 (SentinelServer, 1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  int fd = g_file_open_tmp ("channels-sentinel-XXXXXX", &self->file, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  self->port = redis_server_reserve_port ();
  text = g_strdup_printf ("port %u\nbind 127.0.0.1\nloglevel warning\n"
                          "sentinel monitor " SENTINEL_MASTER " 127.0.0.1 %u %u\n"
                          "sentinel down-after-milliseconds " SENTINEL_MASTER " %u\n"
                          "sentinel failover-timeout " SENTINEL_MASTER " 2000\n",
                          self->port, port, quorum, down_after);
  g_file_set_contents (self->file, text, -1, &error);
  g_assert_no_error (error);

  redis_server_add_launcher (argv);
  g_ptr_array_add (argv, (gpointer) "redis-server");
  g_ptr_array_add (argv, self->file);
  g_ptr_array_add (argv, (gpointer) "--sentinel");
  g_ptr_array_add (argv, NULL);
  self->process = g_subprocess_newv ((const char *const *) argv->pdata,
                                     G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
  g_assert_no_error (error);
  redis_server_wait_for_port (self->port);
  g_free (sentinel_server_ask (self->port, QUICK));

  return self;
}

void
sentinel_server_kill (SentinelServer *self)
{
  if (self->process == NULL)
    return;

  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_clear_object (&self->process);
}

void
sentinel_server_free (SentinelServer *self)
{
  sentinel_server_kill (self);
  g_unlink (self->file);
  g_free (self->file);
  g_free (self);
}

char *
sentinel_server_ask (guint16 port, const char *command)
{
  g_autofree char *line = g_strdup_printf ("redis-cli -p %u %s", port, command);
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process =
      g_subprocess_newv ((const char *const *) argv,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
  char *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  g_assert_no_error (error);

  return g_strchomp (output);
}

static gboolean
look_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
says (guint16 port, const char *command, const char *word)
{
  g_autofree char *output = sentinel_server_ask (port, command);

  return strstr (output, word) != NULL;
}

void
sentinel_server_wait_for (guint16 port, const char *command, const char *word)
{
  guint look = g_timeout_add (LOOK_MS, look_cb, NULL);

  channels_test_wait_until (says (port, command, word));
  g_source_remove (look);
}
