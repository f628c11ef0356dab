/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"
#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"
#include "sentinel-server.h"

#include "channels-names.h"
#include "channels-test-wait.h"

#include <string.h>

/* Two nodes of a layer that is wherever three real Sentinels say: the master is lost, or handed
 * over, and nobody helps them. */

#define PREFIX "asgi"
#define GROUP "chat_chat_room"
#define OTHER_GROUP "chat_other"
#define N_REPLICAS 2
#define N_SENTINELS 3
#define QUORUM 2
/* ms: long enough that a machine under load is not taken for a dead master. */
#define DOWN_AFTER 1500
#define DOWN_AFTER_STEP 400

typedef struct
{
  RedisServer *master;                    /* (owned) */
  RedisServer *replicas[N_REPLICAS];      /* (owned) */
  SentinelServer *sentinels[N_SENTINELS]; /* (owned) */
  LayerNode *sender;                      /* (owned) */
  LayerNode *node;                        /* (owned) */
  ChannelsEvent *event;
} Fixture;

static LayerNode *
make_node (Fixture *fixture)
{
  g_autofree char *node_prefix = channels_node_prefix_new ();
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, PREFIX);
  g_autofree char *url = g_strdup_printf (
      "sentinel://127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u/" SENTINEL_MASTER,
      fixture->sentinels[0]->port, fixture->sentinels[1]->port, fixture->sentinels[2]->port);

  redis_settings_add_url (settings, url);

  return layer_node_new (channels_redis_layer_new (settings, FALSE), node_prefix);
}

static gboolean
are_up (Fixture *fixture)
{
  return layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node);
}

static void
start_servers (Fixture *fixture)
{
  g_autofree char *port = NULL;

  fixture->master = redis_server_new ("--repl-diskless-sync-delay", "0", NULL);
  port = g_strdup_printf ("%u", fixture->master->port);
  for (guint i = 0; i < N_REPLICAS; i++)
    fixture->replicas[i] = redis_server_new ("--repl-diskless-sync-delay", "0", "--replicaof",
                                             "127.0.0.1", port, NULL);
  for (guint i = 0; i < N_REPLICAS; i++)
    sentinel_server_wait_for (fixture->replicas[i]->port, "INFO replication",
                              "master_link_status:up");

  for (guint i = 0; i < N_SENTINELS; i++)
    fixture->sentinels[i] =
        sentinel_server_new (fixture->master->port, QUORUM, DOWN_AFTER + DOWN_AFTER_STEP * i);
  for (guint i = 0; i < N_SENTINELS; i++)
    sentinel_server_wait_for (fixture->sentinels[i]->port, "INFO sentinel", "slaves=2,sentinels=3");
}

/* Both nodes are in the group, and hear each other. */
static void
set_up (Fixture *fixture, gconstpointer unused)
{
  start_servers (fixture);
  fixture->event = channels_event_new_chat_text ("hello");
  fixture->sender = make_node (fixture);
  fixture->node = make_node (fixture);
  channels_test_wait_until (are_up (fixture));
  channels_layer_join (fixture->sender->layer, GROUP);
  channels_layer_join (fixture->node->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
  layer_node_wait_for_remotes (fixture->node, GROUP, 1);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  layer_node_free (fixture->node);
  layer_node_free (fixture->sender);
  channels_event_unref (fixture->event);
  for (guint i = 0; i < N_SENTINELS; i++)
    sentinel_server_free (fixture->sentinels[i]);
  for (guint i = 0; i < N_REPLICAS; i++)
    redis_server_free (fixture->replicas[i]);
  redis_server_free (fixture->master);
}

/* The next event arrives, in both directions. */
static void
assert_next_events_arrive (Fixture *fixture)
{
  guint n_heard = fixture->node->heard->len;
  guint n_heard_back = fixture->sender->heard->len;

  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, fixture->event), ==, 1);
  channels_test_wait_until (fixture->node->heard->len == n_heard + 1);
  g_assert_cmpuint (layer_node_send (fixture->node, GROUP, fixture->event), ==, 1);
  channels_test_wait_until (fixture->sender->heard->len == n_heard_back + 1);
}

/* The port of the master, as a Sentinel has it. */
static guint16
find_master (SentinelServer *sentinel)
{
  g_autofree char *answer =
      sentinel_server_ask (sentinel->port, "SENTINEL GET-MASTER-ADDR-BY-NAME " SENTINEL_MASTER);
  const char *port = strchr (answer, '\n');

  g_assert_nonnull (port);
  return (guint16) g_ascii_strtoull (port + 1, NULL, 10);
}

/* Each member of the group was added, to the master that is one now, after @moment: seconds since
 * 1970. */
static gboolean
are_registered_since (Fixture *fixture, double moment)
{
  guint16 master = find_master (fixture->sentinels[N_SENTINELS - 1]);
  g_autofree char *answer =
      sentinel_server_ask (master, "ZRANGE " PREFIX ":group:" GROUP " 0 -1 WITHSCORES");
  g_auto (GStrv) lines = g_strsplit (answer, "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  return g_ascii_strtod (lines[1], NULL) > moment && g_ascii_strtod (lines[3], NULL) > moment;
}

static gboolean
look_again_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Waits until both have been down, and are up at a new master, where they are in their groups. */
static void
wait_for_new_master (Fixture *fixture, guint16 old_master, double moment)
{
  guint look_again = g_timeout_add (50, look_again_cb, NULL);
  guint n_changes = fixture->sender->n_changes;
  guint n_changes_too = fixture->node->n_changes;

  channels_test_wait_until (fixture->sender->n_changes >= n_changes + 2 &&
                            fixture->node->n_changes >= n_changes_too + 2 && are_up (fixture));
  assert_next_events_arrive (fixture);

  g_assert_cmpuint (find_master (fixture->sentinels[N_SENTINELS - 1]), !=, old_master);
  channels_test_wait_until (are_registered_since (fixture, moment));
  g_source_remove (look_again);
}

static double
get_now (void)
{
  return (double) g_get_real_time () / G_USEC_PER_SEC;
}

static void
test_master_killed (Fixture *fixture, gconstpointer unused)
{
  double moment;

  g_test_summary ("When the master is killed, both nodes go on at the next one");

  assert_next_events_arrive (fixture);
  moment = get_now ();
  redis_server_kill (fixture->master);
  wait_for_new_master (fixture, fixture->master->port, moment);

  channels_layer_join (fixture->node->layer, OTHER_GROUP);
  layer_node_wait_for_remotes (fixture->sender, OTHER_GROUP, 1);
}

static void
test_planned (Fixture *fixture, gconstpointer unused)
{
  double moment = get_now ();
  g_autofree char *answer = NULL;

  g_test_summary ("When the master is handed over, both nodes follow");

  answer = sentinel_server_ask (fixture->sentinels[1]->port, "SENTINEL FAILOVER " SENTINEL_MASTER);
  g_assert_cmpstr (answer, ==, "OK");
  wait_for_new_master (fixture, fixture->master->port, moment);
}

static void
test_sentinel_killed (Fixture *fixture, gconstpointer unused)
{
  double moment;

  g_test_summary ("A Sentinel that is lost is not missed, neither by us nor by the others");

  sentinel_server_kill (fixture->sentinels[0]);
  assert_next_events_arrive (fixture);
  g_assert_cmpuint (fixture->sender->n_changes, ==, 1);
  g_assert_cmpuint (fixture->node->n_changes, ==, 1);

  moment = get_now ();
  redis_server_kill (fixture->master);
  wait_for_new_master (fixture, fixture->master->port, moment);
}

static void
add (const char *name, void (*test) (Fixture *fixture, gconstpointer unused))
{
  g_autofree char *path = g_strconcat ("/redis-failover/", name, NULL);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("master-killed", test_master_killed);
  add ("planned", test_planned);
  add ("sentinel-killed", test_sentinel_killed);

  return g_test_run ();
}
