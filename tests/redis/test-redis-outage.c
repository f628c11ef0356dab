/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "redis-fixture.h"
#include "redis-server.h"

#include "channels-error.h"
#include "channels-redis-error.h"

#include <string.h>

/* A connection against a real Redis that is ended, frozen and started again. */

#define N_RESTARTS 10
#define PIPELINE 100

/* Traffic that goes on through all outages. */
typedef struct
{
  RedisClient *client; /* (unowned) */
  guint n_sent;
  guint n_answered;
  guint n_failed;
  guint under_way;
} Traffic;

static char *
make_unix_url (RedisServer *server, const char *rest)
{
  return g_strdup_printf ("unix://%s%s", server->socket, rest);
}

static void
test_commands (gconstpointer data)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = g_str_equal (data, "unix")
                             ? make_unix_url (server, "?db=3")
                             : g_strdup_printf ("redis://127.0.0.1:%u/3", server->port);
  g_autoptr (RedisClient) client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);
  g_autofree char *info = NULL;
  const char *argv[] = { "SET", "k\0y", "v\r\n" };
  const gsize lengths[] = { 3, 3, 3 };
  g_auto (RedisAnswer) keys = { 0 };
  g_auto (RedisAnswer) wrong = { 0 };

  g_test_summary ("Commands go both ways, byte for byte, in the database that was asked for");

  channels_test_wait_until (client->n_up == 1);
  channels_redis_connection_command_async (client->connection, G_N_ELEMENTS (argv), argv, lengths,
                                           REDIS_PATIENCE, NULL, NULL, NULL);
  redis_client_call (client, "KEYS *", &keys);
  redis_client_call (client, "NOSUCHCOMMAND", &wrong);
  info = redis_server_cli (server, "CLIENT", "LIST", NULL);

  g_assert_cmpmem (keys.reply->element[0]->str, keys.reply->element[0]->len, "k\0y", 3);
  g_assert_error (wrong.error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_FAILED);
  g_assert_nonnull (strstr (info, "name=channels"));
  g_assert_nonnull (strstr (info, "db=3"));
}

static void traffic_send (Traffic *self);

static void
traffic_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Traffic *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  self->under_way--;
  if (reply != NULL)
    self->n_answered++;
  else
    self->n_failed++;
  if (reply == NULL)
    g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  if (channels_redis_connection_is_up (self->client->connection))
    traffic_send (self);
}

static void
traffic_send (Traffic *self)
{
  const char *argv[] = { "INCR", "n" };

  self->n_sent++;
  self->under_way++;
  channels_redis_connection_command_async (self->client->connection, G_N_ELEMENTS (argv), argv,
                                           NULL, REDIS_PATIENCE, NULL, traffic_cb, self);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

/* Restarts the server under traffic. */
static void
go_through_an_outage (RedisServer *server, Traffic *traffic)
{
  guint n_up = traffic->client->n_up;
  guint n_answered = traffic->n_answered;

  for (guint i = 0; i < PIPELINE; i++)
    traffic_send (traffic);
  channels_test_wait_until (traffic->n_answered >= n_answered + 10 * PIPELINE);

  redis_server_kill (server);
  channels_test_wait_until (traffic->client->n_down == n_up);
  channels_test_wait_until (traffic->under_way == 0);

  redis_server_start (server);
  channels_test_wait_until (traffic->client->n_up == n_up + 1);
}

static void
test_restarts (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  Traffic traffic = { .client = client };
  guint n_descriptors = 0;

  g_test_summary ("Through all outages each command is called back once, and no descriptor stays");

  for (guint i = 0; i < N_RESTARTS; i++)
    {
      go_through_an_outage (server, &traffic);
      if (i == 0)
        n_descriptors = count_descriptors ();
    }

  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
  g_assert_cmpuint (traffic.n_answered + traffic.n_failed, ==, traffic.n_sent);
  g_assert_cmpuint (traffic.n_failed, >, 0);
  g_assert_cmpuint (client->n_down, ==, N_RESTARTS);
}

static void
test_frozen (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_auto (RedisAnswer) asleep = { 0 };
  g_auto (RedisAnswer) awake = { 0 };

  g_test_summary ("A Redis that sleeps is left when a command's time is over, and found again");

  redis_client_send_cancellable (client, "DEBUG SLEEP 0.5", 50 * G_TIME_SPAN_MILLISECOND, NULL,
                                 &asleep);
  channels_test_wait_until (asleep.n_calls == 1);
  g_assert_error (asleep.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);

  channels_test_wait_until (client->n_up == 2);
  redis_client_call (client, "PING", &awake);
  g_assert_no_error (awake.error);
}

static void
test_killed_client (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_auto (RedisAnswer) blocked = { 0 };
  g_autofree char *killed = NULL;

  g_test_summary ("A connection that Redis cuts comes back");

  redis_client_send (client, "BZPOPMIN nothing 0", &blocked);
  killed = redis_server_cli (server, "CLIENT", "KILL", "TYPE", "normal", NULL);
  channels_test_wait_until (client->n_up == 2);

  g_assert_cmpstr (killed, ==, "1");
  g_assert_cmpuint (client->n_down, ==, 1);
  g_assert_error (blocked.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
}

static void
test_absent (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_unix_url (server, "");
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A Redis that comes later is found");

  redis_options_init_short (&options);
  redis_server_kill (server);
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  redis_server_start (server);
  channels_test_wait_until (client->n_up == 1);

  g_assert_cmpuint (client->n_down, ==, 0);
}

/* Who comes in, and who does not. */
typedef struct
{
  const char *user;
  gboolean good;
} Entrance;

static const Entrance entrances[] = {
  { ":s3cret@", TRUE }, { "joe:hush@", TRUE },    { "default:s3cret@", TRUE }, { "", FALSE },
  { ":wrong@", FALSE }, { "joe:s3cret@", FALSE }, { "nobody:s3cret@", FALSE },
};

static void
test_entrance (gconstpointer data)
{
  const Entrance *entrance = data;
  g_autoptr (RedisServer) server = redis_server_new ("--requirepass", "s3cret", "--user", "joe",
                                                     "on", ">hush", "~*", "&*", "+@all", NULL);
  g_autofree char *url = g_strdup_printf ("redis://%s127.0.0.1:%u", entrance->user, server->port);
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("Passwords and users of Redis are obeyed");

  if (!entrance->good)
    g_test_expect_message ("channels-redis", G_LOG_LEVEL_WARNING, "redis://127.0.0.1*");
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);
  channels_test_wait_until (client->n_up == 1 ||
                            channels_redis_connection_is_refused (client->connection));

  g_assert_cmpint (client->n_up == 1, ==, entrance->good);
  g_test_assert_expected_messages ();
}

/* Whether a server has sent anybody away. */
static gboolean
has_rejected (RedisClient *client)
{
  g_auto (RedisAnswer) answer = { 0 };

  redis_client_call (client, "INFO stats", &answer);
  g_assert_no_error (answer.error);

  return strstr (answer.reply->str, "rejected_connections:0") == NULL;
}

static void
test_full (gconstpointer user)
{
  gboolean has_password = *(const char *) user != '\0';
  g_autoptr (RedisServer) server =
      redis_server_new ("--maxclients", "1", "--requirepass", has_password ? "s3cret" : "", NULL);
  g_autofree char *url =
      g_strdup_printf ("redis://%s127.0.0.1:%u", (const char *) user, server->port);
  g_autofree char *own = g_strdup_printf ("unix://%s%s", (const char *) user, server->socket);
  ChannelsRedisConnectionOptions options;
  RedisClient *first;
  g_autoptr (RedisClient) second = NULL;
  g_auto (RedisAnswer) reset = { 0 };

  g_test_summary ("A Redis that has no room for us is said to have none, and asked until it has");

  redis_options_init_short (&options);
  first = redis_client_new (own, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  channels_test_wait_until (first->n_up == 1);
  redis_client_call (first, "CONFIG RESETSTAT", &reset);
  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE,
                         "*is away: Redis answers “ERR max number of clients reached”");
  second = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  channels_test_wait_until (has_rejected (first));
  redis_client_free (first);
  channels_test_wait_until (second->n_up == 1);
  g_test_assert_expected_messages ();
}

static void
test_subscriber (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_unix_url (server, "");
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) client = NULL;
  g_auto (RedisAnswer) joined = { 0 };
  g_auto (RedisAnswer) left = { 0 };
  g_autofree char *heard = NULL;
  g_autofree char *unheard = NULL;

  g_test_summary ("A subscriber hears its channels, stays through silence, and may leave them");

  redis_options_init_short (&options);
  options.heartbeat = 20 * G_TIME_SPAN_MILLISECOND;
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, &options);
  channels_test_wait_until (client->n_up == 1);
  redis_client_call (client, "SUBSCRIBE a b c", &joined);
  heard = redis_server_cli (server, "PUBLISH", "b", "hi", NULL);
  channels_test_wait_until (client->messages->len == 1);
  redis_client_call (client, "UNSUBSCRIBE a b c", &left);
  unheard = redis_server_cli (server, "PUBLISH", "b", "hi", NULL);

  g_assert_cmpstr (g_ptr_array_index (client->messages, 0), ==, "b hi");
  g_assert_cmpstr (heard, ==, "1");
  g_assert_cmpstr (unheard, ==, "0");
  g_assert_cmpint (left.reply->element[2]->integer, ==, 0);
  g_assert_cmpuint (client->n_down, ==, 0);
}

static gboolean
set_flag_cb (gpointer flag)
{
  *(gboolean *) flag = TRUE;

  return G_SOURCE_REMOVE;
}

static void
run_for (gint64 time)
{
  gboolean over = FALSE;

  g_timeout_add (time / G_TIME_SPAN_MILLISECOND, set_flag_cb, &over);
  channels_test_wait_until (over);
}

/* µs: a silence after which Redis is given up, and a stop of this process that is longer. */
#define SILENCE (300 * G_TIME_SPAN_MILLISECOND)
#define STOP (2 * SILENCE)

static void
test_stopped (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_unix_url (server, "");
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) client = NULL;
  g_auto (RedisAnswer) joined = { 0 };
  g_autofree char *heard = NULL;

  g_test_summary ("That this process was stopped is not Redis' silence, and loses nothing");

  redis_options_init_short (&options);
  options.heartbeat = SILENCE / 3;
  options.silence = SILENCE;
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, &options);
  channels_test_wait_until (client->n_up == 1);
  redis_client_call (client, "SUBSCRIBE a", &joined);
  g_usleep (STOP);
  run_for (STOP);
  g_usleep (STOP);
  heard = redis_server_cli (server, "PUBLISH", "a", "hi", NULL);
  channels_test_wait_until (client->messages->len == 1);
  g_assert_cmpuint (client->n_down, ==, 0);
}

static void
test_large (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_autofree char *value = g_strnfill (8 * 1024 * 1024, 'v');
  g_autofree char *set = g_strconcat ("SET k ", value, NULL);
  g_auto (RedisAnswer) written = { 0 };
  g_auto (RedisAnswer) read = { 0 };

  g_test_summary ("Megabytes go both ways, in as many pieces as the kernel likes");

  redis_client_send (client, set, &written);
  redis_client_call (client, "GET k", &read);

  g_assert_no_error (read.error);
  g_assert_cmpuint (read.reply->len, ==, strlen (value));
  g_assert_cmpuint (client->n_down, ==, 0);
}

/* µs: within that a Redis with the shortest time-out closes what is idle, whatever moment it looks
 * at. */
#define IDLE_TIME (4 * G_TIME_SPAN_SECOND)

/* µs: after that a connection is healthy, and if it is silent it is idle. */
#define HEALTHY_TIME (1500 * G_TIME_SPAN_MILLISECOND)

static void
test_closes_what_is_idle (void)
{
  g_autoptr (RedisServer) server = redis_server_new ("--timeout", "1", NULL);
  g_autofree char *url = make_unix_url (server, "");
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A Redis that closes what is idle does so once, and is not said to be away");

  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "unix://*was idle for*");
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);
  channels_test_wait_until (client->n_up == 2);
  channels_test_run_for (IDLE_TIME);
  g_assert_cmpuint (client->n_down, ==, 1);
  g_test_assert_expected_messages ();

  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "unix://*is away:*");
  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "unix://*is back");
  redis_server_kill (server);
  channels_test_wait_until (client->n_down == 2);
  redis_server_start (server);
  channels_test_wait_until (client->n_up == 3);
  channels_test_run_for (HEALTHY_TIME);
  g_test_assert_expected_messages ();
}

static void
test_killed_while_idle (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_unix_url (server, "");
  g_autoptr (RedisClient) client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);

  g_test_summary (
      "A Redis that ends while its connection is idle is away, as soon as that is sure");

  channels_test_wait_until (client->n_up == 1);
  channels_test_run_for (HEALTHY_TIME);
  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "unix://*was idle for*");
  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "unix://*is away:*");
  redis_server_kill (server);
  channels_test_wait_until (client->n_down == 1);
  channels_test_run_for (HEALTHY_TIME);
  g_test_assert_expected_messages ();
}

static void
test_killed_while_it_owes (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_unix_url (server, "");
  g_autoptr (RedisClient) client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);
  g_auto (RedisAnswer) never = { 0 };

  g_test_summary ("A Redis that ends while it owes an answer is away, however long it was silent");

  channels_test_wait_until (client->n_up == 1);
  redis_client_send (client, "BLPOP nothing 0", &never);
  run_for (HEALTHY_TIME);
  g_test_expect_message ("channels-redis", G_LOG_LEVEL_MESSAGE, "unix://*is away:*");
  redis_server_kill (server);
  channels_test_wait_until (client->n_down == 1 && never.n_calls == 1);
  g_test_assert_expected_messages ();
}

/* µs: when an answer is due; and much less than the silence after which Redis is given up. */
#define DUE_TIME (200 * G_TIME_SPAN_MILLISECOND)
#define SOON (4 * G_TIME_SPAN_SECOND)

static void
test_due_behind_another (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_auto (RedisAnswer) first = { 0 };
  g_auto (RedisAnswer) never = { 0 };
  gint64 begun = g_get_monotonic_time ();

  g_test_summary ("An answer is waited for no longer because one before it was in time");

  redis_client_send_cancellable (client, "PING", DUE_TIME, NULL, &first);
  channels_test_wait_until (first.n_calls == 1);
  redis_client_send_cancellable (client, "BLPOP nothing 0", 2 * DUE_TIME, NULL, &never);
  channels_test_wait_until (never.n_calls == 1);

  g_assert_error (never.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, SOON);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/redis-outage/commands/unix", "unix", test_commands);
  g_test_add_data_func ("/redis-outage/commands/tcp", "tcp", test_commands);
  g_test_add_func ("/redis-outage/restarts", test_restarts);
  g_test_add_func ("/redis-outage/frozen", test_frozen);
  g_test_add_func ("/redis-outage/killed-client", test_killed_client);
  g_test_add_func ("/redis-outage/absent", test_absent);
  for (guint i = 0; i < G_N_ELEMENTS (entrances); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-outage/entrance/%u", i);

      g_test_add_data_func (path, &entrances[i], test_entrance);
    }
  g_test_add_data_func ("/redis-outage/full/nobody", "", test_full);
  g_test_add_data_func ("/redis-outage/full/user", ":s3cret@", test_full);
  g_test_add_func ("/redis-outage/idle/closed", test_closes_what_is_idle);
  g_test_add_func ("/redis-outage/idle/killed", test_killed_while_idle);
  g_test_add_func ("/redis-outage/idle/owing", test_killed_while_it_owes);
  g_test_add_func ("/redis-outage/due", test_due_behind_another);
  g_test_add_func ("/redis-outage/stopped", test_stopped);
  g_test_add_func ("/redis-outage/subscriber", test_subscriber);
  g_test_add_func ("/redis-outage/large", test_large);

  return g_test_run ();
}
