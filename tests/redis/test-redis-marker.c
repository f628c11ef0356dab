/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-batches.h"
#include "channels-redis-pubsub-layer.h"
#include "channels-redis-subscriber.h"
#include "channels-test-wait.h"
#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"

/* What a node of the pub/sub layer publishes on its own channel of a group's, so that it skips what
 * comes next: here nothing of its own does. And when it does so: where somebody reads no bundles.
 */

#define PREFIX "asgi"
#define NODE_PREFIX "specific.member!"
#define GROUP "chat_marker"
#define OTHER_GROUP "chat_other"

typedef struct
{
  RedisServer *server; /* (owned) */
  LayerNode *sender;   /* (owned) */
  LayerNode *node;     /* (owned) */
  RedisClient *other;  /* (owned): a subscriber that reads no bundles */
  ChannelsEvent *event;
} Fixture;

static void
subscribe (Fixture *fixture, const char *group)
{
  g_autofree char *command = g_strdup_printf ("SUBSCRIBE " PREFIX "__group__%s", group);
  g_auto (RedisAnswer) answer = { 0 };

  redis_client_call (fixture->other, command, &answer);
  g_assert_no_error (answer.error);
}

static LayerNode *
make_node (RedisServer *server, const char *node_prefix)
{
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, PREFIX);
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);

  redis_settings_add_url (settings, url);
  return layer_node_new (channels_redis_pubsub_layer_new (settings), node_prefix);
}

/* Two nodes, the second one in the groups, and somebody else. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *url = NULL;

  fixture->server = redis_server_new (NULL, NULL);
  url = g_strdup_printf ("unix://%s", fixture->server->socket);
  fixture->other = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  channels_test_wait_until (fixture->other->n_up == 1);
  subscribe (fixture, GROUP);
  subscribe (fixture, OTHER_GROUP);
  fixture->sender = make_node (fixture->server, "specific.sender!");
  fixture->node = make_node (fixture->server, NODE_PREFIX);
  fixture->event = channels_event_new_chat_text ("hello");
  channels_layer_join (fixture->node->layer, GROUP);
  channels_layer_join (fixture->node->layer, OTHER_GROUP);
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  redis_client_free (fixture->other);
  layer_node_free (fixture->node);
  layer_node_free (fixture->sender);
  channels_event_unref (fixture->event);
  redis_server_free (fixture->server);
}

/* Says that as many as @number of the node's own events come next. */
static void
publish_marker (Fixture *fixture, const char *number)
{
  g_autofree char *own = channels_redis_subscriber_get_own (PREFIX "__group__" GROUP, NODE_PREFIX);
  g_autofree char *heard = redis_server_cli (fixture->server, "PUBLISH", own, number, NULL);

  g_assert_cmpstr (heard, ==, "1");
}

static void
send_events (Fixture *fixture, const char *group, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (layer_node_send (fixture->sender, group, fixture->event), ==, 2);
}

static void
test_another_group (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("What comes in another group ends the skipping");

  publish_marker (fixture, "5");
  send_events (fixture, OTHER_GROUP, 1);
  send_events (fixture, GROUP, 1);
  channels_test_wait_until (fixture->node->heard->len == 2);
}

static void
test_outage (Fixture *fixture, gconstpointer data)
{
  g_autofree char *killed = NULL;
  guint n_changes = fixture->node->n_changes;

  g_test_summary ("On a new connection nothing is skipped that was announced on the last");

  publish_marker (fixture, "5");
  killed = redis_server_cli (fixture->server, "CLIENT", "KILL", "TYPE", "pubsub", NULL);
  channels_test_wait_until (fixture->node->n_changes == n_changes + 2 &&
                            layer_node_is_up (fixture->sender) && fixture->other->n_up == 2);
  subscribe (fixture, GROUP);
  send_events (fixture, GROUP, 1);
  channels_test_wait_until (fixture->node->heard->len == 1);
}

static void
test_most (Fixture *fixture, gconstpointer data)
{
  g_autofree char *most = g_strdup_printf ("%d", CHANNELS_REDIS_PAYLOADS_MAX);

  g_test_summary ("As many are skipped as one script publishes, and not one more");

  publish_marker (fixture, most);
  send_events (fixture, GROUP, CHANNELS_REDIS_PAYLOADS_MAX + 1);
  channels_test_wait_until (fixture->node->heard->len == 1);
}

static void
test_too_many (Fixture *fixture, gconstpointer number)
{
  g_test_summary ("What no script of ours announces has nothing skipped");

  publish_marker (fixture, number);
  send_events (fixture, GROUP, 1);
  channels_test_wait_until (fixture->node->heard->len == 1);
}

int
main (int argc, char *argv[])
{
  g_autofree char *more = g_strdup_printf ("%d", CHANNELS_REDIS_PAYLOADS_MAX + 1);

  g_test_init (&argc, &argv, NULL);

#define add(path, data, function) g_test_add (path, Fixture, data, set_up, function, tear_down)
  add ("/redis-marker/another-group", NULL, test_another_group);
  add ("/redis-marker/outage", NULL, test_outage);
  add ("/redis-marker/most", NULL, test_most);
  add ("/redis-marker/too-many/one-more", more, test_too_many);
  add ("/redis-marker/too-many/negative", "-1", test_too_many);
  add ("/redis-marker/too-many/long", "00000000000000000001", test_too_many);
  add ("/redis-marker/too-many/no-number", "2x", test_too_many);
  add ("/redis-marker/too-many/nothing", "", test_too_many);

  return g_test_run ();
}
