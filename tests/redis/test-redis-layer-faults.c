/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"
#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"

#include "channels-error.h"
#include "channels-names.h"
#include "channels-test-wait.h"

#include <string.h>

/* What only the core layer has: keys of a real Redis that expire, fill up, are spoilt and lost. */

#define PREFIX "asgi"
#define GROUP "chat_chat_room"
#define GROUP_KEY PREFIX ":group:" GROUP
#define OTHER_GROUP "chat_other"
#define N_GROUPS 20
#define CAPACITY 5

/* A node that is gone, and has left its keys. */
#define DEAD_NODE "specific.00000000000000000000000000000000!"
#define DEAD_CHANNEL DEAD_NODE "0"

/* s: a third of it is the time between two renewals, and so what a test waits for. */
#define GROUP_EXPIRY 3

/* ms: for so long a node that stops waits for a host that says nothing; less than a command does.
 */
#define GIVE_UP_MS 1000

/* As @data of a test: where capacities differ the members of a group are asked for, and where they
 * do not Redis does all with one script. */
#define BY_CAPACITY GINT_TO_POINTER (TRUE)
#define BY_SCRIPT GINT_TO_POINTER (FALSE)

typedef struct
{
  RedisServer *server; /* (owned) */
  LayerNode *sender;   /* (owned) */
  LayerNode *node;     /* (owned) */
  ChannelsEvent *event;
} Fixture;

static void
add_host (ChannelsRedisSettings *settings, RedisServer *server)
{
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);

  redis_settings_add_url (settings, url);
}

static LayerNode *
make_node (RedisServer *server, gboolean by_capacity)
{
  g_autofree char *node_prefix = channels_node_prefix_new ();
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, PREFIX);

  add_host (settings, server);
  if (by_capacity)
    channels_redis_settings_add_capacity (settings, "specific.*!wide", CAPACITY + 1);
  settings->capacity = CAPACITY;
  settings->group_expiry = GROUP_EXPIRY;

  return layer_node_new (channels_redis_layer_new (settings, FALSE), node_prefix);
}

/* Two nodes, the second one in the group. */
static void
set_up (Fixture *fixture, gconstpointer by_capacity)
{
  fixture->server = redis_server_new (NULL, NULL);
  fixture->sender = make_node (fixture->server, GPOINTER_TO_INT (by_capacity));
  fixture->node = make_node (fixture->server, GPOINTER_TO_INT (by_capacity));
  fixture->event = channels_event_new_chat_text ("hello");
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
  channels_layer_join (fixture->node->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
}

/* Nodes that stop leave nothing of their own. */
static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *queue = g_strconcat (PREFIX, fixture->node->prefix, NULL);
  g_autofree char *exists = NULL;

  layer_node_free (fixture->node);
  layer_node_free (fixture->sender);
  exists = redis_server_cli (fixture->server, "EXISTS", queue, GROUP_KEY, NULL);
  g_assert_cmpstr (exists, ==, "0");

  channels_event_unref (fixture->event);
  redis_server_free (fixture->server);
}

/* Runs redis-cli for what it does, and not for what it says. */
#define RUN(...) g_free (redis_server_cli (__VA_ARGS__, NULL))

static void
assert_next_event_arrives (Fixture *fixture, const char *group)
{
  guint n_heard = fixture->node->heard->len;

  g_assert_cmpuint (layer_node_send (fixture->sender, group, fixture->event), ==, 1);
  channels_test_wait_until (fixture->node->heard->len == n_heard + 1);
}

static char *
make_group (guint i)
{
  return g_strdup_printf ("room-%u", i);
}

static void
test_forgotten (Fixture *fixture, gconstpointer unused)
{
  guint n_changes = fixture->node->n_changes;

  g_test_summary ("A node is back in each of its groups when Redis has forgotten them");

  for (guint i = 0; i < N_GROUPS; i++)
    {
      g_autofree char *group = make_group (i);

      channels_layer_join (fixture->node->layer, group);
    }
  RUN (fixture->server, "FLUSHALL");
  for (guint i = 0; i < N_GROUPS; i++)
    {
      g_autofree char *group = make_group (i);

      layer_node_wait_for_remotes (fixture->sender, group, 1);
      assert_next_event_arrives (fixture, group);
    }
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
  assert_next_event_arrives (fixture, GROUP);

  g_assert_cmpuint (fixture->node->n_changes, ==, n_changes);
}

/* When the only member of the group was added: seconds since 1970. */
static double
get_score (RedisServer *server)
{
  g_autofree char *text =
      redis_server_cli (server, "ZRANGE", GROUP_KEY, "0", "-1", "WITHSCORES", NULL);
  const char *score = strchr (text, '\n');

  g_assert_nonnull (score);
  return g_ascii_strtod (score + 1, NULL);
}

static gboolean
look_again_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
test_stays_for_longer_than_the_expiry (Fixture *fixture, gconstpointer unused)
{
  double joined = get_score (fixture->server);
  guint look_again = g_timeout_add (50, look_again_cb, NULL);

  g_test_summary ("A membership outlives its expiry, and the key that has it as well");

  channels_test_wait_until (get_score (fixture->server) > joined + GROUP_EXPIRY);
  g_source_remove (look_again);

  assert_next_event_arrives (fixture, GROUP);
}

static gboolean
has_members (RedisServer *server, const char *n)
{
  g_autofree char *members = redis_server_cli (server, "ZCARD", GROUP_KEY, NULL);

  return g_str_equal (members, n);
}

static void
test_dead_member (Fixture *fixture, gconstpointer unused)
{
  guint look_again = g_timeout_add (50, look_again_cb, NULL);

  g_test_summary ("A member that has not been renewed for too long gets nothing, and is forgotten");

  RUN (fixture->server, "ZADD", GROUP_KEY, "1000000000", DEAD_CHANNEL);
  assert_next_event_arrives (fixture, GROUP);
  channels_test_wait_until (has_members (fixture->server, "1"));
  g_source_remove (look_again);
}

/* µs: a moment that early in a second has a zero behind the point. */
#define EARLY (50 * G_TIME_SPAN_MILLISECOND)

static char *
format_now (void)
{
  gint64 now = g_get_real_time ();

  return g_strdup_printf ("%" G_GINT64_FORMAT ".%06d", now / G_USEC_PER_SEC,
                          (int) (now % G_USEC_PER_SEC));
}

static void
test_score (Fixture *fixture, gconstpointer unused)
{
  guint look_again = g_timeout_add (10, look_again_cb, NULL);
  g_autofree char *added = format_now ();
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *count = NULL;

  g_test_summary ("A message's score is the time at which it was sent, to the microsecond");

  RUN (fixture->server, "ZADD", GROUP_KEY, added, DEAD_CHANNEL);
  channels_test_wait_until (g_get_real_time () % G_USEC_PER_SEC < EARLY);
  before = format_now ();
  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, fixture->event), ==, 2);
  after = format_now ();
  count = redis_server_cli (fixture->server, "ZCOUNT", PREFIX DEAD_NODE, before, after, NULL);
  g_assert_cmpstr (count, ==, "1");
  channels_test_wait_until (fixture->node->heard->len == 1);
  RUN (fixture->server, "ZREM", GROUP_KEY, DEAD_CHANNEL);
  g_source_remove (look_again);
}

static void
test_full_queue (Fixture *fixture, gconstpointer unused)
{
  g_auto (LayerOutcome) refused = { .remotes = 7 };
  g_auto (LayerOutcome) wide = { 0 };

  g_test_summary ("A queue takes its capacity, and then what it refuses is said");

  for (guint i = 0; i < CAPACITY; i++)
    {
      g_auto (LayerOutcome) taken = { 0 };

      layer_node_send_to_channel (fixture->sender, DEAD_CHANNEL, fixture->event, &taken);
      g_assert_no_error (taken.error);
      g_assert_cmpuint (taken.remotes, ==, 1);
    }

  layer_node_send_to_channel (fixture->sender, DEAD_CHANNEL, fixture->event, &refused);
  g_assert_error (refused.error, CHANNELS_ERROR, CHANNELS_ERROR_CHANNEL_FULL);
  g_assert_cmpuint (refused.remotes, ==, 7);

  layer_node_send_to_channel (fixture->sender, DEAD_NODE "wide", fixture->event, &wide);
  g_assert_no_error (wide.error);
}

static void
test_full_queue_in_group (Fixture *fixture, gconstpointer unused)
{

  g_test_summary ("A node whose queue is full goes without, and is not counted");

  /* Of a time to come: the dead one is a member for as long as this takes. */
  RUN (fixture->server, "ZADD", GROUP_KEY, "10000000000", DEAD_CHANNEL);
  for (guint i = 0; i < CAPACITY; i++)
    {
      g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, fixture->event), ==, 2);
      channels_test_wait_until (fixture->node->heard->len == i + 1);
    }

  assert_next_event_arrives (fixture, GROUP);
  RUN (fixture->server, "ZREM", GROUP_KEY, DEAD_CHANNEL);
}

static void
test_partly_full_queue (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome outcomes[CAPACITY + 2] = { 0 };

  g_test_summary ("Of what is sent at once a queue that nobody reads takes the first, others all");

  assert_next_event_arrives (fixture, GROUP);
  RUN (fixture->server, "ZADD", GROUP_KEY, "10000000000", DEAD_CHANNEL);
  RUN (fixture->server, "ZADD", PREFIX DEAD_NODE, "10000000000", "a message");
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    channels_layer_send_to_group (fixture->sender->layer, GROUP, fixture->event, NULL,
                                  layer_sent_cb, &outcomes[i]);
  channels_test_wait_until (outcomes[CAPACITY + 1].n_calls > 0);

  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_assert_no_error (outcomes[i].error);
      g_assert_cmpuint (outcomes[i].remotes, ==, (i < CAPACITY - 1) + 1);
    }
  channels_test_wait_until (fixture->node->heard->len == 1 + G_N_ELEMENTS (outcomes));
  RUN (fixture->server, "ZREM", GROUP_KEY, DEAD_CHANNEL);
}

static void
test_strange_members (Fixture *fixture, gconstpointer unused)
{
  static const char *const names[] = { "two words", "specific.x!a!b", "caf\303\251", "\377", "*" };
  g_autofree char *too_long = g_strnfill (CHANNELS_NAME_MAX + 1, 'a');
  g_autofree char *keys = NULL;

  g_test_summary ("A member that no node can have is nobody's, and has no queue");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    RUN (fixture->server, "ZADD", GROUP_KEY, "10000000000", names[i]);
  RUN (fixture->server, "ZADD", GROUP_KEY, "10000000000", too_long);
  assert_next_event_arrives (fixture, GROUP);

  keys = redis_server_cli (fixture->server, "DBSIZE", NULL);
  g_assert_cmpstr (keys, ==, "1");
  RUN (fixture->server, "ZREM", GROUP_KEY, names[0], names[1], names[2], names[3], names[4],
       too_long);
}

static void
test_old_messages (Fixture *fixture, gconstpointer unused)
{
  g_auto (LayerOutcome) taken = { 0 };
  g_autofree char *count = NULL;
  g_autofree char *left = NULL;

  g_test_summary ("What waits for too long makes way, and a queue of nobody's ends by itself");

  for (guint i = 0; i < CAPACITY; i++)
    {
      g_autofree char *message = g_strdup_printf ("message %u", i);

      RUN (fixture->server, "ZADD", PREFIX DEAD_NODE, "1000000000", message);
    }
  layer_node_send_to_channel (fixture->sender, DEAD_CHANNEL, fixture->event, &taken);
  g_assert_no_error (taken.error);

  count = redis_server_cli (fixture->server, "ZCARD", PREFIX DEAD_NODE, NULL);
  g_assert_cmpstr (count, ==, "1");
  left = redis_server_cli (fixture->server, "TTL", PREFIX DEAD_NODE, NULL);
  g_assert_cmpint (atoi (left), >, 0);
  g_assert_cmpint (atoi (left), <=, 60);
}

static void
test_group_of_wrong_type (Fixture *fixture, gconstpointer unused)
{
  g_auto (LayerOutcome) send = { .remotes = 7 };
  g_autofree char *ttl = NULL;

  g_test_summary ("A group's key that is none fails the sends to it, and is left as it is");

  RUN (fixture->server, "SET", GROUP_KEY, "no group");
  channels_layer_join (fixture->node->layer, OTHER_GROUP);
  layer_node_send_to_group (fixture->sender, GROUP, fixture->event, &send);
  g_assert_error (send.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpuint (send.remotes, ==, 7);
  g_assert_true (layer_node_is_up (fixture->sender));
  g_assert_true (layer_node_is_up (fixture->node));
  layer_node_wait_for_remotes (fixture->sender, OTHER_GROUP, 1);
  assert_next_event_arrives (fixture, OTHER_GROUP);
  channels_layer_leave (fixture->node->layer, GROUP);
  channels_layer_join (fixture->node->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, OTHER_GROUP, 1);
  ttl = redis_server_cli (fixture->server, "TTL", GROUP_KEY, NULL);
  g_assert_cmpstr (ttl, ==, "-1");

  RUN (fixture->server, "DEL", GROUP_KEY);
  channels_layer_leave (fixture->node->layer, GROUP);
  channels_layer_join (fixture->node->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
  assert_next_event_arrives (fixture, GROUP);
}

static void
test_queue_of_wrong_type (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *queue = g_strconcat (PREFIX, fixture->node->prefix, NULL);
  g_autofree char *channel = channels_channel_name_new (fixture->node->prefix);
  g_auto (LayerOutcome) send = { 0 };

  g_test_summary ("A queue's key that is none takes nothing, until it is gone");

  RUN (fixture->server, "SET", queue, "no queue");
  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, fixture->event), ==, 0);
  layer_node_send_to_channel (fixture->sender, channel, fixture->event, &send);
  g_assert_error (send.error, CHANNELS_ERROR, CHANNELS_ERROR_CHANNEL_FULL);
  channels_test_wait_until (!layer_node_is_up (fixture->node));
  g_assert_true (layer_node_is_up (fixture->sender));

  RUN (fixture->server, "DEL", queue);
  channels_test_wait_until (layer_node_is_up (fixture->node));
  assert_next_event_arrives (fixture, GROUP);
}

/* Ten small messages, one that no reply may have, and ten more, at once; one has no content. */
#define FILL                                                                                       \
  "local second = redis.call('TIME')[1] - 1 "                                                      \
  "for i = 1, 21 do "                                                                              \
  "  local message = '............' .. '\\129\\164type\\165a.b.c' "                                \
  "  if i == 11 then message = string.rep ('x', 17000000) end "                                    \
  "  if i == 12 then message = '............' end "                                                \
  "  message = string.format('%02d', i) .. string.sub(message, 3) "                                \
  "  redis.call('ZADD', KEYS[1], second + i / 100, message) "                                      \
  "end"

static void
test_large_message (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *queue = g_strconcat (PREFIX, fixture->node->prefix, NULL);
  g_autofree char *length = NULL;

  g_test_summary ("A message that is too large for any reply takes no other with it");

  RUN (fixture->server, "EVAL", FILL, "1", queue);
  assert_next_event_arrives (fixture, GROUP);

  length = redis_server_cli (fixture->server, "ZCARD", queue, NULL);
  g_assert_cmpstr (length, ==, "0");
  g_assert_true (layer_node_is_up (fixture->node));
  g_assert_cmpuint (fixture->node->n_changes, ==, 1);
}

static void
test_no_memory (Fixture *fixture, gconstpointer unused)
{
  g_auto (LayerOutcome) send = { .remotes = 7 };

  g_test_summary (
      "Without memory Redis takes neither events nor members; all are in when there is some");

  RUN (fixture->server, "CONFIG", "SET", "maxmemory", "1");
  layer_node_send_to_group (fixture->sender, GROUP, fixture->event, &send);
  g_assert_error (send.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  channels_layer_join (fixture->node->layer, OTHER_GROUP);
  g_assert_cmpuint (layer_node_send (fixture->sender, OTHER_GROUP, fixture->event), ==, 0);
  RUN (fixture->server, "DEL", GROUP_KEY);
  channels_layer_leave (fixture->node->layer, GROUP);
  channels_layer_join (fixture->node->layer, GROUP);
  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, fixture->event), ==, 0);
  g_assert_true (layer_node_is_up (fixture->sender));
  channels_test_wait_until (!layer_node_is_up (fixture->node));

  RUN (fixture->server, "CONFIG", "SET", "maxmemory", "0");
  channels_test_wait_until (layer_node_is_up (fixture->node));
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
  layer_node_wait_for_remotes (fixture->sender, OTHER_GROUP, 1);
  assert_next_event_arrives (fixture, GROUP);
  assert_next_event_arrives (fixture, OTHER_GROUP);
}

static void
test_outage (Fixture *fixture, gconstpointer unused)
{
  g_auto (LayerOutcome) group_send = { .remotes = 7 };
  g_auto (LayerOutcome) channel_send = { .remotes = 7 };

  g_test_summary ("An outage fails sends, and forgets neither who joined nor who left meanwhile");

  channels_layer_join (fixture->node->layer, OTHER_GROUP);
  layer_node_wait_for_remotes (fixture->sender, OTHER_GROUP, 1);
  redis_server_kill (fixture->server);
  channels_test_wait_until (!layer_node_is_up (fixture->sender) &&
                            !layer_node_is_up (fixture->node));
  layer_node_send_to_group (fixture->sender, GROUP, fixture->event, &group_send);
  layer_node_send_to_channel (fixture->sender, DEAD_CHANNEL, fixture->event, &channel_send);
  g_assert_error (group_send.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_error (channel_send.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  channels_layer_leave (fixture->node->layer, OTHER_GROUP);
  channels_layer_join (fixture->node->layer, "chat_meanwhile");

  redis_server_start (fixture->server);
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
  assert_next_event_arrives (fixture, GROUP);
  assert_next_event_arrives (fixture, "chat_meanwhile");
  g_assert_cmpuint (layer_node_send (fixture->sender, OTHER_GROUP, fixture->event), ==, 0);
  g_assert_cmpuint (fixture->node->heard->len, ==, 2);
  g_assert_cmpuint (fixture->node->n_changes, ==, 3);
}

static void
test_stop_without_redis (Fixture *fixture, gconstpointer unused)
{
  g_auto (LayerOutcome) stop = { 0 };

  g_test_summary ("A node that cannot tell Redis stops all the same, and says so");

  redis_server_kill (fixture->server);
  channels_test_wait_until (!layer_node_is_up (fixture->node));
  channels_layer_stop (fixture->node->layer, NULL, layer_stopped_cb, &stop);
  channels_test_wait_until (stop.n_calls > 0);
  g_assert_error (stop.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_finalize_object (G_OBJECT (g_steal_pointer (&fixture->node->layer)));

  redis_server_start (fixture->server);
  channels_test_wait_until (layer_node_is_up (fixture->sender));
}

static gboolean
is_empty (RedisServer *server)
{
  g_autofree char *keys = redis_server_cli (server, "DBSIZE", NULL);

  return g_str_equal (keys, "0");
}

static void
give_up_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

static void
test_stop_with_a_frozen_host (void)
{
  g_autoptr (RedisServer) frozen = redis_server_new (NULL, NULL);
  g_autoptr (RedisServer) other = redis_server_new (NULL, NULL);
  g_autofree char *node_prefix = channels_node_prefix_new ();
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, PREFIX);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (LayerOutcome) stop = { 0 };
  LayerNode *node;

  g_test_summary ("A host that does not answer keeps no node in the groups of another one");

  add_host (settings, frozen);
  add_host (settings, other);
  node = layer_node_new (channels_redis_layer_new (settings, FALSE), node_prefix);
  for (guint i = 0; i < N_GROUPS; i++)
    {
      g_autofree char *group = make_group (i);

      channels_layer_join (node->layer, group);
    }
  channels_test_wait_until (layer_node_is_up (node));
  g_assert_false (is_empty (frozen) || is_empty (other));

  RUN (frozen, "CLIENT", "PAUSE", "60000");
  channels_layer_stop (node->layer, cancellable, layer_stopped_cb, &stop);
  g_timeout_add_once (GIVE_UP_MS, give_up_cb, cancellable);
  channels_test_wait_until (stop.n_calls > 0);

  g_assert_nonnull (stop.error);
  g_assert_true (is_empty (other));
  g_assert_finalize_object (G_OBJECT (g_steal_pointer (&node->layer)));
  layer_node_free (node);
}

static void
add (const char *name,
     gconstpointer by_capacity,
     void (*test) (Fixture *fixture, gconstpointer by_capacity))
{
  g_autofree char *path =
      g_strconcat (by_capacity == BY_SCRIPT ? "/redis-layer/script/" : "/redis-layer/", name, NULL);

  g_test_add (path, Fixture, by_capacity, set_up, test, tear_down);
}

static void
add_both (const char *name, void (*test) (Fixture *fixture, gconstpointer by_capacity))
{
  add (name, BY_CAPACITY, test);
  add (name, BY_SCRIPT, test);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("forgotten", BY_CAPACITY, test_forgotten);
  add ("renewed", BY_CAPACITY, test_stays_for_longer_than_the_expiry);
  add_both ("dead-member", test_dead_member);
  add_both ("score", test_score);
  add ("full-queue", BY_CAPACITY, test_full_queue);
  add_both ("full-queue-in-group", test_full_queue_in_group);
  add ("partly-full-queue", BY_SCRIPT, test_partly_full_queue);
  add_both ("strange-members", test_strange_members);
  add ("old-messages", BY_CAPACITY, test_old_messages);
  add_both ("group-of-wrong-type", test_group_of_wrong_type);
  add_both ("queue-of-wrong-type", test_queue_of_wrong_type);
  add ("large-message", BY_CAPACITY, test_large_message);
  add_both ("no-memory", test_no_memory);
  add_both ("outage", test_outage);
  add ("stop-without-redis", BY_CAPACITY, test_stop_without_redis);

  g_test_add_func ("/redis-layer/stop-with-a-frozen-host", test_stop_with_a_frozen_host);

  return g_test_run ();
}
