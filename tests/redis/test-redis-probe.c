/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-error.h"
#include "channels-redis-probe.h"
#include "channels-test-wait.h"
#include "redis-fixture.h"
#include "redis-server.h"

#include <string.h>

/* A look at a real Redis, and at some that are of no use. */

/* Of one group, one a node: so many that Redis, which names channels in no order, is most unlikely
 * to name the group's among the first. */
#define OWN_CHANNELS 20000

typedef struct
{
  ChannelsRedisProbe *found;
  GError *error;
  gboolean done;
} Answer;

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->found = channels_redis_probe_finish (result, &answer->error);
  answer->done = TRUE;
}

static ChannelsRedisProbe *
look (const char *url, const char *prefix, gboolean pubsub, gint64 timeout, GError **error)
{
  g_autoptr (GError) parse_error = NULL;
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (url, &parse_error);
  Answer answer = { 0 };

  g_assert_no_error (parse_error);
  channels_redis_probe_async (address, prefix, pubsub, timeout, NULL, probed_cb, &answer);
  channels_test_wait_until (answer.done);

  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.found;
}

static char *
make_url (RedisServer *server, const char *user)
{
  return g_strdup_printf ("redis://%s127.0.0.1:%u/0", user, server->port);
}

static void
test_server (void)
{
  g_autoptr (RedisServer) server =
      redis_server_new ("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru", NULL);
  g_autofree char *url = make_url (server, "");
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisProbe) found = look (url, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error);

  g_test_summary ("Version, memory and clock are those of the server");

  g_assert_no_error (error);
  g_assert_true (g_ascii_isdigit (found->version[0]));
  g_assert_cmpuint (found->maxmemory, ==, 64 * 1024 * 1024);
  g_assert_cmpstr (found->policy, ==, "allkeys-lru");
  g_assert_true (found->has_clock);
  g_assert_cmpint (ABS (found->clock_offset), <, CHANNELS_TEST_DEADLINE);
  g_assert_true (found->has_nodes);
  g_assert_cmpuint (found->n_nodes, ==, 0);
}

static void
test_core_nodes (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_url (server, "");
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisProbe) found = NULL;
  static const char *const members[][2] = {
    { "a*[:group:one", "specific.x!1" }, { "a*[:group:one", "specific.y!1" },
    { "a*[:group:two", "specific.x!2" }, { "a*[:group:two", "no-node" },
    { "ab[:group:one", "specific.z!1" },
  };

  g_test_summary ("Nodes of the core layer are counted once each, under this prefix alone");

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    g_free (redis_server_cli (server, "ZADD", members[i][0], "1", members[i][1], NULL));
  g_free (redis_server_cli (server, "SET", "a*[:group:odd", "no set", NULL));

  found = look (url, "a*[", FALSE, CHANNELS_TEST_DEADLINE, &error);

  g_assert_no_error (error);
  g_assert_true (found->has_nodes);
  g_assert_cmpuint (found->n_nodes, ==, 2);
}

static void
test_pubsub_nodes (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = make_url (server, "");
  g_autoptr (RedisClient) one = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  g_autoptr (RedisClient) two = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  g_autoptr (GString) subscribe = g_string_new ("SUBSCRIBE a!b__group__room");
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisProbe) found = NULL;
  g_auto (RedisAnswer) group = { 0 };
  g_auto (RedisAnswer) all = { 0 };

  g_test_summary ("Nodes of the pub/sub layer are seen, however many channels of their own it has");

  for (guint i = 0; i < OWN_CHANNELS; i++)
    g_string_append_printf (subscribe, " a!b__group__room!specific.%u", i);
  channels_test_wait_until (one->n_up > 0 && two->n_up > 0);
  redis_client_call (one, subscribe->str, &all);
  redis_client_call (two, "SUBSCRIBE a!b__group__room", &group);

  found = look (url, "a!b", TRUE, CHANNELS_TEST_DEADLINE, &error);

  g_assert_no_error (error);
  g_assert_true (found->has_nodes);
  g_assert_cmpuint (found->n_nodes, ==, 2);
}

static void
test_user (void)
{
  g_autoptr (RedisServer) server = redis_server_new ("--requirepass", "right", "--user", "poor",
                                                     "on", ">right", "~asgi*", "+role", NULL);
  g_autofree char *right = make_url (server, ":right@");
  g_autofree char *wrong = make_url (server, ":wrong-SECRET@");
  g_autofree char *none = make_url (server, "");
  g_autofree char *poor = make_url (server, "poor:right@");
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisProbe) found =
      look (right, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error);
  g_autoptr (ChannelsRedisProbe) little = NULL;

  g_test_summary ("Who is not let in is told so; who may do little sees little");

  g_assert_no_error (error);
  g_assert_nonnull (found->version);

  little = look (poor, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error);
  g_assert_no_error (error);
  g_assert_null (little->version);
  g_assert_false (little->has_clock);
  g_assert_false (little->has_nodes);

  g_assert_null (look (wrong, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error));
  g_assert_error (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_WRONGPASS);
  g_assert_null (strstr (error->message, "SECRET"));
  g_clear_error (&error);

  g_assert_null (look (none, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error));
  g_assert_true (channels_redis_error_is_refusal (error));
}

static void
test_replica (void)
{
  g_autoptr (RedisServer) replica = redis_server_new ("--replicaof", "127.0.0.1", "1", NULL);
  g_autofree char *url = make_url (replica, "");
  g_autoptr (GError) error = NULL;

  g_test_summary ("A replica is told from a master");

  g_assert_null (look (url, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error));
  g_assert_error (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_READONLY);
}

static void
test_nobody (void)
{
  g_autofree char *url = g_strdup_printf ("redis://127.0.0.1:%u", redis_server_reserve_port ());
  g_autoptr (GError) error = NULL;

  g_test_summary ("Where nobody listens there is nothing to see");

  g_assert_null (look (url, "asgi", FALSE, CHANNELS_TEST_DEADLINE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static void
test_silence (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_autofree char *url = g_strdup_printf ("redis://127.0.0.1:%u", port);

  g_test_summary ("One that takes connections and says nothing is not waited for");

  g_assert_no_error (error);
  g_assert_null (look (url, "asgi", FALSE, G_TIME_SPAN_MILLISECOND, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-probe/server", test_server);
  g_test_add_func ("/redis-probe/core-nodes", test_core_nodes);
  g_test_add_func ("/redis-probe/pubsub-nodes", test_pubsub_nodes);
  g_test_add_func ("/redis-probe/user", test_user);
  g_test_add_func ("/redis-probe/replica", test_replica);
  g_test_add_func ("/redis-probe/nobody", test_nobody);
  g_test_add_func ("/redis-probe/silence", test_silence);

  return g_test_run ();
}
