/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fake-redis.h"
#include "redis-fixture.h"
#include "redis-server.h"
#include "sentinel-server.h"

#include <string.h>

/* Real Sentinels of a real master, which is killed; and some that only say they are. */

static void
test_failover (void)
{
  g_autoptr (RedisServer) master = redis_server_new ("--repl-diskless-sync-delay", "0", NULL);
  g_autofree char *master_port = g_strdup_printf ("%u", master->port);
  g_autoptr (RedisServer) replica =
      redis_server_new ("--replicaof", "127.0.0.1", master_port, NULL);
  g_autofree char *replica_port = g_strdup_printf ("%u", replica->port);
  g_autoptr (SentinelServer) sentinel = NULL;
  g_autofree char *url = NULL;
  g_autofree char *role = NULL;
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) client = NULL;
  g_auto (RedisAnswer) before = { 0 };
  g_auto (RedisAnswer) after = { 0 };

  g_test_summary ("When the master is killed, Sentinel's next one is found without help");

  sentinel_server_wait_for (replica->port, "INFO replication", "master_link_status:up");
  sentinel = sentinel_server_new (master->port, 1, 300);
  sentinel_server_wait_for (sentinel->port, "SENTINEL REPLICAS " SENTINEL_MASTER, replica_port);

  /* The first of them is not there. */
  url = g_strdup_printf ("sentinel://127.0.0.1:%u,127.0.0.1:%u/" SENTINEL_MASTER "?db=1",
                         redis_server_reserve_port (), sentinel->port);
  redis_options_init_short (&options);
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  channels_test_wait_until (client->n_up == 1);
  redis_client_call (client, "SET k before", &before);
  g_assert_no_error (before.error);
  sentinel_server_wait_for (replica->port, "INFO keyspace", "db1");

  redis_server_kill (master);
  channels_test_wait_until (client->n_up == 2);
  redis_client_call (client, "GET k", &after);
  role = sentinel_server_ask (replica->port, "INFO replication");

  g_assert_true (channels_redis_reply_is (after.reply, "before"));
  g_assert_nonnull (strstr (role, "role:master"));
}

/* A Sentinel's answer that the master is at @port: (transfer full). */
static char *
make_answer (guint16 port)
{
  g_autofree char *text = g_strdup_printf ("%u", port);

  return g_strdup_printf ("*2\r\n$9\r\n127.0.0.1\r\n$%" G_GSIZE_FORMAT "\r\n%s\r\n", strlen (text),
                          text);
}

/* What a Sentinel may answer that leads nowhere. */
static const char *const useless[] = {
  "*-1\r\n",
  "$-1\r\n",
  "+OK\r\n",
  "*1\r\n$1\r\na\r\n",
  "*2\r\n$1\r\na\r\n$1\r\n0\r\n",
  "*2\r\n$1\r\na\r\n:1\r\n",
  "*2\r\n$1\r\n\xff\r\n$1\r\n1\r\n",
  "-ERR no such master\r\n",
  "-LOADING\r\n",
  "garbage\r\n",
  NULL,
};

static void
test_useless (gconstpointer data)
{
  const FakeReply useless_script[] = { { .verb = "SENTINEL", .reply = data }, { .verb = NULL } };
  const FakeReply redis_script[] = { { .verb = "ROLE", .reply = "*1\r\n$6\r\nmaster\r\n" },
                                     { .verb = NULL } };
  g_autoptr (FakeRedis) redis = fake_redis_new (redis_script);
  g_autoptr (FakeRedis) bad = fake_redis_new (useless_script);
  g_autofree char *answer = make_answer (redis->port);
  const FakeReply good_script[] = { { .verb = "SENTINEL", .reply = answer }, { .verb = NULL } };
  g_autoptr (FakeRedis) good = fake_redis_new (good_script);
  g_autofree char *url =
      g_strdup_printf ("sentinel://127.0.0.1:%u,127.0.0.1:%u/m", bad->port, good->port);
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A Sentinel that does not know is passed over");

  redis_options_init_short (&options);
  options.sentinel_timeout = 50 * G_TIME_SPAN_MILLISECOND;
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  channels_test_wait_until (client->n_up == 1);

  g_assert_cmpuint (bad->n_connections, >=, 1);
}

static void
test_not_a_master (void)
{
  static const FakeReply replica[] = { { .verb = "ROLE", .reply = "*1\r\n$5\r\nslave\r\n" },
                                       { .verb = NULL } };
  static const FakeReply master[] = { { .verb = "ROLE", .reply = "*1\r\n$6\r\nmaster\r\n" },
                                      { .verb = NULL } };
  g_autoptr (FakeRedis) redis = fake_redis_new (replica);
  g_autofree char *answer = make_answer (redis->port);
  const FakeReply script[] = { { .verb = "SENTINEL", .reply = answer }, { .verb = NULL } };
  g_autoptr (FakeRedis) sentinel = fake_redis_new (script);
  g_autofree char *url = g_strdup_printf ("sentinel://127.0.0.1:%u/m", sentinel->port);
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A host that is no master is not taken for one, whatever a Sentinel says");

  redis_options_init_short (&options);
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  channels_test_wait_until (fake_redis_count (redis, "ROLE") == 3);
  g_assert_cmpuint (client->n_up, ==, 0);

  redis->script = master;
  channels_test_wait_until (client->n_up == 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-sentinel/failover", test_failover);
  for (guint i = 0; i < G_N_ELEMENTS (useless); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-sentinel/useless/%u", i);

      g_test_add_data_func (path, useless[i], test_useless);
    }
  g_test_add_func ("/redis-sentinel/not-a-master", test_not_a_master);

  return g_test_run ();
}
