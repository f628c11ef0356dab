/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "redis-fixture.h"
#include "redis-server.h"

#include <glib/gstdio.h>
#include <string.h>

/* TLS to a real Redis, with a certificate that was made for this run. */

typedef struct
{
  char *folder;        /* (owned) */
  char *certificate;   /* (owned): path */
  char *key;           /* (owned): path */
  guint16 port;        /* where TLS is spoken */
  RedisServer *server; /* (owned) */
} Fixture;

static void
make_certificate (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) openssl = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, "openssl", "req", "-x509", "-newkey", "rsa:2048",
      "-nodes", "-days", "2", "-subj", "/CN=channels.test", "-addext",
      "subjectAltName=IP:127.0.0.1", "-keyout", fixture->key, "-out", fixture->certificate, NULL);

  g_assert_no_error (error);
  g_subprocess_wait_check (openssl, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *port = NULL;
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("channels-tls-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->certificate = g_build_filename (fixture->folder, "certificate.pem", NULL);
  fixture->key = g_build_filename (fixture->folder, "key.pem", NULL);
  make_certificate (fixture);

  fixture->port = redis_server_reserve_port ();
  port = g_strdup_printf ("%u", fixture->port);
  fixture->server = redis_server_new ("--tls-port", port, "--tls-cert-file", fixture->certificate,
                                      "--tls-key-file", fixture->key, "--tls-ca-cert-file",
                                      fixture->certificate, "--tls-auth-clients", "no", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  redis_server_free (fixture->server);
  g_unlink (fixture->certificate);
  g_unlink (fixture->key);
  g_rmdir (fixture->folder);
  g_free (fixture->certificate);
  g_free (fixture->key);
  g_free (fixture->folder);
}

static RedisClient *
connect_to (Fixture *fixture, const char *host, const char *query)
{
  g_autofree char *url = g_strdup_printf ("rediss://%s:%u%s", host, fixture->port, query);
  ChannelsRedisConnectionOptions options;

  redis_options_init_short (&options);
  return redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
}

static void
test_trusted (Fixture *fixture, gconstpointer data)
{
  g_autofree char *query = g_strconcat ("?ssl_ca_certs=", fixture->certificate, NULL);
  g_autoptr (RedisClient) client = connect_to (fixture, "127.0.0.1", query);
  g_autofree char *value = g_strnfill (1024 * 1024, 'v');
  g_autofree char *set = g_strconcat ("SET k ", value, NULL);
  g_auto (RedisAnswer) written = { 0 };
  g_auto (RedisAnswer) read = { 0 };

  g_test_summary ("With its authority a certificate is good, and a megabyte goes both ways");

  channels_test_wait_until (client->n_up == 1);
  redis_client_send (client, set, &written);
  redis_client_call (client, "GET k", &read);
  g_assert_cmpuint (read.reply->len, ==, 1024 * 1024);

  redis_server_kill (fixture->server);
  channels_test_wait_until (client->n_down == 1);
  redis_server_start (fixture->server);
  channels_test_wait_until (client->n_up == 2);
}

/* ms: after that a connection that is silent is idle. */
#define IDLE_TIME 1500

static gboolean
set_flag_cb (gpointer flag)
{
  *(gboolean *) flag = TRUE;

  return G_SOURCE_REMOVE;
}

static void
test_cut_while_idle (Fixture *fixture, gconstpointer data)
{
  g_autofree char *query = g_strconcat ("?ssl_ca_certs=", fixture->certificate, NULL);
  g_autoptr (RedisClient) client = connect_to (fixture, "127.0.0.1", query);
  gboolean over = FALSE;

  g_test_summary ("One that is idle and is closed without the farewell of TLS was idle, too");

  channels_test_wait_until (client->n_up == 1);
  g_timeout_add (IDLE_TIME, set_flag_cb, &over);
  channels_test_wait_until (over);
  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "rediss://*was idle for*");
  redis_server_kill (fixture->server);
  channels_test_wait_until (client->n_down == 1);
  g_test_assert_expected_messages ();
}

/* Counts what the log says of a connection that does not come about. */
static void
count_away (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  guint *n_away = user_data;

  if (strstr (message, "away: ") != NULL)
    ++*n_away;
}

static void
assert_untrusted (Fixture *fixture, const char *host, const char *query)
{
  guint n_away = 0;
  guint handler = g_log_set_handler ("channels-redis", G_LOG_LEVEL_MASK, count_away, &n_away);
  g_autoptr (RedisClient) client = connect_to (fixture, host, query);

  channels_test_wait_until (n_away == 3);
  g_log_remove_handler ("channels-redis", handler);

  g_assert_cmpuint (client->n_up, ==, 0);
}

static void
test_untrusted (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Without its authority a certificate is refused");

  assert_untrusted (fixture, "127.0.0.1", "");
}

static void
test_other_name (Fixture *fixture, gconstpointer data)
{
  g_autofree char *query = g_strconcat ("?ssl_ca_certs=", fixture->certificate, NULL);

  g_test_summary ("A certificate of another host is refused");

  assert_untrusted (fixture, "localhost", query);
}

static void
test_no_file (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Authorities that cannot be read are none");

  assert_untrusted (fixture, "127.0.0.1", "?ssl_ca_certs=/nonexistent");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  add ("/redis-tls/trusted", test_trusted);
  add ("/redis-tls/cut-while-idle", test_cut_while_idle);
  add ("/redis-tls/untrusted", test_untrusted);
  add ("/redis-tls/other-name", test_other_name);
  add ("/redis-tls/no-file", test_no_file);

  return g_test_run ();
}
