/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-pubsub-layer.h"
#include "layer-node.h"
#include "recorders.h"
#include "redis-fixture.h"
#include "redis-server.h"

#include "channels-hub.h"

/* A connection, and a layer, that leave for a moment with Redis what it sends. */

#define GROUP "chat_hold"

/* µs: what Redis sends is here by then. */
#define MOMENT (50 * G_TIME_SPAN_MILLISECOND)

/* µs: what Redis has for an answer, until it is given up. */
#define ANSWER_TIME (3 * G_TIME_SPAN_SECOND)

static void
test_held (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("What Redis sends waits while the connection is held, and comes then");

  channels_redis_connection_set_held (client->connection, TRUE);
  channels_redis_connection_set_held (client->connection, TRUE);
  redis_client_send (client, "PING", &answer);
  channels_test_run_for (MOMENT);
  g_assert_cmpuint (answer.n_calls, ==, 0);
  channels_redis_connection_set_held (client->connection, FALSE);
  channels_redis_connection_set_held (client->connection, FALSE);
  channels_test_wait_until (answer.n_calls == 1);

  g_assert_no_error (answer.error);
  g_assert_cmpuint (client->n_down, ==, 0);
}

static void
test_held_when_due (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("An answer that is here is read before it is held against Redis that it is late");

  channels_redis_connection_set_held (client->connection, TRUE);
  redis_client_send_cancellable (client, "PING", MOMENT, NULL, &answer);
  channels_test_wait_until (answer.n_calls == 1);

  g_assert_no_error (answer.error);
  g_assert_cmpuint (client->n_down, ==, 0);
}

/* Messages, and bytes of each: more than the kernel has room for. */
#define MANY 32
#define MUCH (64 * 1024)

static void
test_held_behind_much (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) sender = redis_client_new_up (server->socket);
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);
  g_autofree char *text = g_strnfill (MUCH, 'x');
  g_autofree char *publish = g_strconcat ("PUBLISH one ", text, NULL);
  g_autoptr (RedisClient) member =
      redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  g_auto (RedisAnswer) one = { 0 };
  g_auto (RedisAnswer) other = { 0 };

  g_test_summary ("An answer behind much that waits is not too late, and none of that is lost");

  channels_test_wait_until (member->n_up == 1);
  redis_client_call (member, "SUBSCRIBE one", &one);
  channels_redis_connection_set_held (member->connection, TRUE);
  for (guint i = 0; i < MANY; i++)
    {
      g_auto (RedisAnswer) published = { 0 };

      redis_client_call (sender, publish, &published);
    }
  redis_client_send_cancellable (member, "SUBSCRIBE other", MOMENT, NULL, &other);
  channels_test_wait_until (other.n_calls == 1);

  g_assert_no_error (other.error);
  g_assert_cmpuint (member->messages->len, ==, MANY);
  g_assert_cmpuint (member->n_down, ==, 0);
}

/* Heartbeats, and silences, that a long hold is. */
#define BEATS 5

static void
test_held_for_long (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) sender = redis_client_new_up (server->socket);
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);
  ChannelsRedisConnectionOptions options;
  g_autoptr (RedisClient) member = NULL;
  g_auto (RedisAnswer) joined = { 0 };
  g_auto (RedisAnswer) published = { 0 };

  g_test_summary ("However long it is held, nothing is read, and Redis is not said to be silent");

  channels_redis_connection_options_init (&options);
  options.heartbeat = MOMENT;
  options.command_timeout = MOMENT;
  options.silence = 3 * MOMENT;
  member = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, &options);
  channels_test_wait_until (member->n_up == 1);
  redis_client_call (member, "SUBSCRIBE one", &joined);
  channels_redis_connection_set_held (member->connection, TRUE);
  channels_test_run_for (BEATS * options.silence);
  channels_redis_connection_set_held (member->connection, FALSE);
  channels_test_run_for (options.silence);
  g_assert_cmpuint (member->n_down, ==, 0);

  channels_redis_connection_set_held (member->connection, TRUE);
  redis_client_call (sender, "PUBLISH one text", &published);
  channels_test_run_for (BEATS * options.silence);
  g_assert_cmpuint (member->messages->len, ==, 0);
  channels_redis_connection_set_held (member->connection, FALSE);
  channels_test_wait_until (member->messages->len == 1);
  g_assert_cmpuint (member->n_down, ==, 0);
}

static void
test_held_and_gone (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("A connection that broke while it was held is not held when it is up again");

  channels_redis_connection_set_held (client->connection, TRUE);
  redis_server_kill (server);
  redis_client_send_cancellable (client, "PING", MOMENT, NULL, &answer);
  channels_test_wait_until (client->n_down == 1);
  channels_redis_connection_set_held (client->connection, TRUE);
  redis_server_start (server);
  channels_test_wait_until (client->n_up == 2);
  redis_answer_clear (&answer);
  answer = (RedisAnswer){ 0 };
  redis_client_call (client, "PING", &answer);

  g_assert_no_error (answer.error);
  channels_redis_connection_set_held (client->connection, FALSE);
}

static ChannelsLayer *
make_layer (RedisServer *server, const char *prefix)
{
  ChannelsRedisSettings *settings = channels_redis_settings_new (prefix, "asgi");
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);

  redis_settings_add_url (settings, url);
  return channels_redis_pubsub_layer_new (settings);
}

static LayerNode *
make_node (RedisServer *server, const char *prefix)
{
  return layer_node_new (make_layer (server, prefix), prefix);
}

static void
test_held_layer (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  LayerNode *sender = make_node (server, "specific.sender!");
  LayerNode *member = make_node (server, "specific.member!");
  g_autoptr (ChannelsEvent) one = channels_event_new_chat_text ("one");
  g_autoptr (ChannelsEvent) two = channels_event_new_chat_text ("two");

  g_test_summary ("What is published while the layer is held comes then, in order, and counts");

  channels_layer_join (member->layer, GROUP);
  channels_test_wait_until (layer_node_is_up (sender) && layer_node_is_up (member));
  channels_layer_set_held (member->layer, TRUE);
  g_assert_cmpuint (layer_node_send (sender, GROUP, one), ==, 1);
  g_assert_cmpuint (layer_node_send (sender, GROUP, two), ==, 1);
  channels_test_run_for (MOMENT);
  g_assert_cmpuint (member->heard->len, ==, 0);
  channels_layer_set_held (member->layer, FALSE);
  channels_test_wait_until (member->heard->len == 2);

  for (guint i = 0; i < 2; i++)
    {
      const LayerHeard *heard = g_ptr_array_index (member->heard, i);

      g_assert_cmpvariant (channels_event_get_variant (heard->event),
                           channels_event_get_variant (i == 0 ? one : two));
    }
  layer_node_free (member);
  layer_node_free (sender);
}

/* Events, and bytes of each: far more than a socket has room for, so that Redis keeps most. */
#define FLOOD 1024
#define SIZE 4096

/* Deliveries of what is read at once, with room to spare. */
#define READ_MAX 16

static guint64
count_deliveries (ChannelsHub *hub)
{
  ChannelsHubCounts counts;

  channels_hub_get_counts (hub, GROUP, &counts);
  return counts.deliveries;
}

static void
test_held_by_a_member (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  LayerNode *sender = make_node (server, "specific.sender!");
  g_autoptr (ChannelsLayer) layer = make_layer (server, "specific.member!");
  g_autoptr (ChannelsHub) hub = channels_hub_new (layer, "specific.member!");
  g_autoptr (GString) journal = g_string_new (NULL);
  g_autoptr (RecordingMember) slow = recording_member_new (journal, "slow");
  g_autofree char *text = g_strnfill (SIZE, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);
  g_autofree char *clients = NULL;
  guint64 before;

  g_test_summary ("A flood stays with Redis while a member is not ready, and comes when it is");

  channels_hub_join (hub, GROUP, CHANNELS_MEMBER (slow));
  channels_test_wait_until (layer_node_is_up (sender) &&
                            channels_layer_get_state (layer) == CHANNELS_LAYER_STATE_UP);
  layer_node_wait_for_remotes (sender, GROUP, 1);
  channels_test_run_for (MOMENT);
  before = count_deliveries (hub);
  slow->busy = TRUE;
  for (guint i = 0; i < FLOOD; i++)
    g_assert_cmpuint (layer_node_send (sender, GROUP, event), ==, 1);
  channels_test_run_for (MOMENT);

  clients = redis_server_cli (server, "CLIENT", "LIST", "TYPE", "pubsub", NULL);
  g_assert_cmpuint (count_deliveries (hub), <=, before + READ_MAX);
  g_assert_true (g_regex_match_simple (" oll=[1-9]", clients, 0, 0));

  recording_member_become_ready (slow);
  channels_test_wait_until (count_deliveries (hub) == before + FLOOD);
  channels_hub_leave (hub, GROUP, CHANNELS_MEMBER (slow));
  layer_node_free (sender);
}

static void
test_held_and_stopped (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  LayerNode *member = make_node (server, "specific.member!");
  gint64 begun;

  g_test_summary ("A layer that is held stops in an orderly way, and at once");

  channels_layer_join (member->layer, GROUP);
  channels_test_wait_until (layer_node_is_up (member));
  channels_layer_set_held (member->layer, TRUE);
  begun = g_get_monotonic_time ();
  layer_node_stop (member);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, ANSWER_TIME);
  layer_node_free (member);
}

static void
test_held_while_it_stops (void)
{
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  LayerNode *member = make_node (server, "specific.member!");
  g_auto (LayerOutcome) stopped = { 0 };
  gint64 begun;

  g_test_summary ("A layer that stops waits for nobody who is not ready for what still comes");

  channels_layer_join (member->layer, GROUP);
  channels_test_wait_until (layer_node_is_up (member));
  begun = g_get_monotonic_time ();
  channels_layer_stop (member->layer, NULL, layer_stopped_cb, &stopped);
  channels_layer_set_held (member->layer, TRUE);
  channels_test_wait_until (stopped.n_calls == 1);
  g_assert_no_error (stopped.error);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, ANSWER_TIME);
  g_clear_object (&member->layer);
  layer_node_free (member);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-hold/answer", test_held);
  g_test_add_func ("/redis-hold/due", test_held_when_due);
  g_test_add_func ("/redis-hold/much", test_held_behind_much);
  g_test_add_func ("/redis-hold/gone", test_held_and_gone);
  g_test_add_func ("/redis-hold/long", test_held_for_long);
  g_test_add_func ("/redis-hold/stop", test_held_and_stopped);
  g_test_add_func ("/redis-hold/stopping", test_held_while_it_stops);
  g_test_add_func ("/redis-hold/layer", test_held_layer);
  g_test_add_func ("/redis-hold/member", test_held_by_a_member);

  return g_test_run ();
}
