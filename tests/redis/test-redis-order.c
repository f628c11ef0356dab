/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"
#include "channels-redis-ring.h"
#include "channels-redis-stream.h"
#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"

#include "channels-error.h"
#include "channels-names.h"
#include "channels-test-wait.h"

/* In which order a node of the core layer hears what another one sends, however that makes its
 * messages: Redis does it with one script, or the members are asked for first. */

#define N_HOSTS 2

/* ms: for so long a host answers nobody. */
#define PAUSE 300

typedef enum
{
  BY_SCRIPT,
  BY_CAPACITY,
  ENCRYPTED,
  TWO_HOSTS,
} Way;

typedef struct
{
  RedisServer *servers[N_HOSTS]; /* (owned) (nullable) */
  LayerNode *sender;             /* (owned) */
  LayerNode *node;               /* (owned): with two hosts, its queue is on the second */
  char *groups[N_HOSTS];         /* (owned): one on each host, that the node is in */
  char *channel;                 /* (owned): of the node */
} Fixture;

static char *
make_node_prefix (guint host, guint n_hosts)
{
  g_autofree char *prefix = channels_node_prefix_new ();

  while (channels_redis_ring_find (prefix, n_hosts) != host)
    {
      g_free (prefix);
      prefix = channels_node_prefix_new ();
    }

  return g_steal_pointer (&prefix);
}

/* A group that lies on the host of that index, or on the only one. */
static char *
make_group (guint index, guint n_hosts)
{
  g_autofree char *group = g_strdup_printf ("room-%u-", index);

  while (channels_redis_ring_find (group, n_hosts) != index % n_hosts)
    {
      char *longer = g_strconcat (group, "x", NULL);

      g_free (group);
      group = longer;
    }

  return g_steal_pointer (&group);
}

static LayerNode *
make_node (Fixture *fixture, const char *prefix, Way way)
{
  ChannelsRedisSettings *settings = channels_redis_settings_new (prefix, "asgi");

  for (guint i = 0; i < N_HOSTS && fixture->servers[i] != NULL; i++)
    {
      g_autofree char *url = g_strdup_printf ("unix://%s", fixture->servers[i]->socket);

      redis_settings_add_url (settings, url);
    }
  if (way == BY_CAPACITY)
    channels_redis_settings_add_capacity (settings, "other.*", 1);
  if (way == ENCRYPTED)
    channels_redis_settings_add_secret (settings, "a secret");

  return layer_node_new (channels_redis_layer_new (settings, FALSE), prefix);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  Way way = GPOINTER_TO_INT (data);
  guint n_hosts = way == TWO_HOSTS ? N_HOSTS : 1;
  g_autofree char *sender = channels_node_prefix_new ();
  g_autofree char *node = make_node_prefix (n_hosts - 1, n_hosts);

  for (guint i = 0; i < n_hosts; i++)
    fixture->servers[i] = redis_server_new (NULL, NULL);
  fixture->sender = make_node (fixture, sender, way);
  fixture->node = make_node (fixture, node, way);
  fixture->channel = channels_channel_name_new (node);
  for (guint i = 0; i < N_HOSTS; i++)
    {
      fixture->groups[i] = make_group (i, n_hosts);
      channels_layer_join (fixture->node->layer, fixture->groups[i]);
    }
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
  for (guint i = 0; i < N_HOSTS; i++)
    layer_node_wait_for_remotes (fixture->sender, fixture->groups[i], 1);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  layer_node_free (fixture->node);
  layer_node_free (fixture->sender);
  for (guint i = 0; i < N_HOSTS; i++)
    {
      g_free (fixture->groups[i]);
      g_clear_pointer (&fixture->servers[i], redis_server_free);
    }
  g_free (fixture->channel);
}

/* The first host, which has the first group, is slow from now on. */
static void
pause_first_host (Fixture *fixture)
{
  g_autofree char *pause = g_strdup_printf ("%u", PAUSE);

  g_free (redis_server_cli (fixture->servers[0], "CLIENT", "PAUSE", pause, NULL));
}

static void
send_to_group (Fixture *fixture, const char *group)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("to a group");

  channels_layer_send_to_group (fixture->sender->layer, group, event, NULL, NULL, NULL);
}

static void
send_to_channel (Fixture *fixture)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("to a channel");

  channels_layer_send_to_channel (fixture->sender->layer, fixture->channel, event, NULL, NULL,
                                  NULL);
}

/* Where the node heard something next: @group, or the channel where that is `NULL`. */
static void
assert_heard (Fixture *fixture, guint index, const char *group)
{
  const LayerHeard *heard;

  channels_test_wait_until (fixture->node->heard->len > index);
  heard = g_ptr_array_index (fixture->node->heard, index);

  g_assert_cmpstr (heard->group, ==, group);
  g_assert_cmpstr (heard->channel, ==, group == NULL ? fixture->channel : NULL);
}

static void
test_group_then_channel (Fixture *fixture, gconstpointer unused)
{
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("What is sent to a channel comes behind what was sent to a group before");

  pause_first_host (fixture);
  send_to_group (fixture, fixture->groups[0]);
  send_to_channel (fixture);

  assert_heard (fixture, n_heard, fixture->groups[0]);
  assert_heard (fixture, n_heard + 1, NULL);
}

static void
test_channel_then_group (Fixture *fixture, gconstpointer unused)
{
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("What is sent to a group comes behind what waits for a channel");

  pause_first_host (fixture);
  send_to_group (fixture, fixture->groups[0]);
  send_to_channel (fixture);
  send_to_group (fixture, fixture->groups[1]);

  assert_heard (fixture, n_heard, fixture->groups[0]);
  assert_heard (fixture, n_heard + 1, NULL);
  assert_heard (fixture, n_heard + 2, fixture->groups[1]);
}

/* Sends something to each group, or to the channel where that is `NULL`. */
static void
send_in_between (Fixture *fixture, const char *const *groups, guint n)
{
  pause_first_host (fixture);
  for (guint i = 0; i < n; i++)
    {
      if (groups[i] != NULL)
        send_to_group (fixture, groups[i]);
      else
        send_to_channel (fixture);
      while (g_main_context_iteration (NULL, FALSE)) /* it is under way, if it can be */
        ;
    }
}

static void
test_in_between (Fixture *fixture, gconstpointer unused)
{
  const char *group = fixture->groups[0];
  const char *const groups[] = { group, NULL, group, group, NULL, group };
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("What is sent to a group and to a channel in turn is heard so");

  send_in_between (fixture, groups, G_N_ELEMENTS (groups));

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    assert_heard (fixture, n_heard + i, groups[i]);
}

static void
test_stop (Fixture *fixture, gconstpointer unused)
{
  const char *group = fixture->groups[0];
  const char *const groups[] = { group, NULL, group, NULL, group, group };
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("Who stops has sent all of it before, in order");

  send_in_between (fixture, groups, G_N_ELEMENTS (groups));
  layer_node_stop (fixture->sender);

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    assert_heard (fixture, n_heard + i, groups[i]);
}

static void
test_stop_in_outage (Fixture *fixture, gconstpointer unused)
{
  const char *const groups[] = { fixture->groups[0], NULL, fixture->groups[1],
                                 fixture->groups[0], NULL, fixture->groups[0] };
  g_auto (LayerOutcome) last = { 0 };
  g_auto (LayerOutcome) stop = { 0 };
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("to nobody");

  g_test_summary ("Who stops while the first host is going tells how all sends ended, and ends");

  send_in_between (fixture, groups, G_N_ELEMENTS (groups));
  redis_server_kill (fixture->servers[0]);
  channels_layer_send_to_group (fixture->sender->layer, fixture->groups[0], event, NULL,
                                layer_sent_cb, &last);
  channels_layer_stop (fixture->sender->layer, NULL, layer_stopped_cb, &stop);
  channels_test_wait_until (stop.n_calls > 0 && last.n_calls > 0);

  g_assert_error (last.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_finalize_object (G_OBJECT (g_steal_pointer (&fixture->sender->layer)));
  redis_server_start (fixture->servers[0]);
  channels_test_wait_until (layer_node_is_up (fixture->node));
}

static void
test_two_groups (Fixture *fixture, gconstpointer unused)
{
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("What is sent to a group comes behind what was sent to another before");

  pause_first_host (fixture);
  send_to_group (fixture, fixture->groups[0]);
  send_to_group (fixture, fixture->groups[1]);

  assert_heard (fixture, n_heard, fixture->groups[0]);
  assert_heard (fixture, n_heard + 1, fixture->groups[1]);
}

/* A node of Django's, which has each event alone, and reads none of them. */
#define THEIR_NODE "specific.00000000000000000000000000000002!"
#define THEIR_MEMBER THEIR_NODE "0"
#define N_BEFORE 90

#define FIND_IN_LAST                                                                               \
  "return string.find(redis.call('ZRANGE', KEYS[1], -1, -1)[1], ARGV[1], 1, true) and 1 or 0"

static void
test_django (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsEvent) last = channels_event_new_chat_text ("the last");
  g_autofree char *key = g_strconcat ("asgi:group:", fixture->groups[0], NULL);
  g_auto (LayerOutcome) sent = { 0 };
  g_autofree char *found = NULL;

  g_test_summary ("Of many events in one command none comes behind the next command for Django");

  g_free (redis_server_cli (fixture->servers[0], "ZADD", key, "10000000000", THEIR_MEMBER, NULL));
  for (guint i = 0; i < N_BEFORE; i++)
    send_to_group (fixture, fixture->groups[0]);
  layer_node_send_to_channel (fixture->sender, THEIR_MEMBER, last, &sent);
  g_assert_no_error (sent.error);

  found = redis_server_cli (fixture->servers[0], "EVAL", FIND_IN_LAST, "1", "asgi" THEIR_NODE,
                            "the last", NULL);
  g_assert_cmpstr (found, ==, "1");
}

static void
test_host_away (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("to nobody");
  g_auto (LayerOutcome) lost = { 0 };
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("What a host does not do any more keeps nothing waiting");

  channels_layer_send_to_group (fixture->sender->layer, fixture->groups[0], event, NULL,
                                layer_sent_cb, &lost);
  redis_server_kill (fixture->servers[0]);
  send_to_channel (fixture);
  send_to_group (fixture, fixture->groups[1]);

  assert_heard (fixture, n_heard, NULL);
  assert_heard (fixture, n_heard + 1, fixture->groups[1]);
  g_assert_error (lost.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  redis_server_start (fixture->servers[0]);
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
}

/* Far more than a queue holds messages. */
#define MANY 1000

static void
test_burst (Fixture *fixture, gconstpointer unused)
{
  g_autofree LayerOutcome *outcomes = g_new0 (LayerOutcome, MANY);
  guint n_heard = fixture->node->heard->len;

  g_test_summary ("Of a burst a node hears all, in order");

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

      channels_layer_send_to_group (fixture->sender->layer, fixture->groups[0], event, NULL,
                                    layer_sent_cb, &outcomes[i]);
    }
  channels_test_wait_until (fixture->node->heard->len >= n_heard + MANY);
  g_assert_cmpuint (fixture->node->heard->len, ==, n_heard + MANY);

  for (guint i = 0; i < MANY; i++)
    {
      const LayerHeard *heard = g_ptr_array_index (fixture->node->heard, n_heard + i);
      g_autofree char *text = g_strdup_printf ("\"%u\"", i);
      GBytes *json = channels_event_get_message_json (heard->event, NULL);

      g_assert_cmpmem (g_bytes_get_data (json, NULL), g_bytes_get_size (json), text, strlen (text));
      channels_test_wait_until (outcomes[i].n_calls == 1);
      g_assert_no_error (outcomes[i].error);
      g_assert_cmpuint (outcomes[i].remotes, ==, 1);
    }
}

#define LARGE (1024 * 1024)

static void
test_too_much (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (LARGE, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);
  g_auto (LayerOutcome) refused = { 0 };
  gint64 begun = g_get_monotonic_time ();

  g_test_summary ("What waits for the members of a group is no more than what waits for Redis");

  pause_first_host (fixture);
  for (gsize size = 0; size < CHANNELS_REDIS_UNSENT_MAX; size += LARGE)
    channels_layer_send_to_group (fixture->sender->layer, fixture->groups[0], event, NULL, NULL,
                                  NULL);
  channels_layer_send_to_group (fixture->sender->layer, fixture->groups[0], event, NULL,
                                layer_sent_cb, &refused);
  channels_test_wait_until (refused.n_calls == 1);

  g_assert_cmpint (g_get_monotonic_time () - begun, <, PAUSE * G_TIME_SPAN_MILLISECOND);
  g_assert_error (refused.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  channels_test_wait_until (fixture->node->heard->len > 0);
}

static void
test_much (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (LARGE, 'x');
  g_autoptr (ChannelsEvent) large = channels_event_new_chat_text (text);
  g_autoptr (ChannelsEvent) small = channels_event_new_chat_text ("x");

  g_test_summary ("What has gone is no reason not to take more");

  for (gsize size = 0; size <= CHANNELS_REDIS_UNSENT_MAX; size += LARGE)
    g_assert_cmpuint (layer_node_send (fixture->sender, "nobody", large), ==, 0);
  for (guint n = 0; n <= CHANNELS_REDIS_COMMANDS_MAX; n += MANY)
    {
      for (guint i = 1; i < MANY; i++)
        channels_layer_send_to_group (fixture->sender->layer, "nobody", small, NULL, NULL, NULL);
      g_assert_cmpuint (layer_node_send (fixture->sender, "nobody", small), ==, 0);
    }
}

/* So many nodes that what all of them get of one large event is more than may wait for Redis. */
#define NODES "40"

static void
test_many_nodes (Fixture *fixture, gconstpointer unused)
{
  static const char join[] = "for i = 1, " NODES " do\n"
                             "  local name = string.format('specific.%032d!0', i)\n"
                             "  redis.call('ZADD', KEYS[1], 10000000000, name)\n"
                             "end";
  g_autofree char *key = g_strconcat ("asgi:group:", fixture->groups[0], NULL);
  g_autofree char *text = g_strnfill (LARGE, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);
  g_auto (LayerOutcome) outcome = { 0 };

  g_test_summary ("However many nodes a group has, what Redis can be given goes");

  g_assert_cmpuint (LARGE * g_ascii_strtoull (NODES, NULL, 10), >, CHANNELS_REDIS_UNSENT_MAX);
  g_free (redis_server_cli (fixture->servers[0], "EVAL", join, "1", key, NULL));
  layer_node_send_to_group (fixture->sender, fixture->groups[0], event, &outcome);

  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.remotes, >=, 1);
}

static void
add (const char *name,
     const char *way_name,
     Way way,
     void (*test) (Fixture *fixture, gconstpointer way))
{
  g_autofree char *path = g_strdup_printf ("/redis-order/%s/%s", way_name, name);

  g_test_add (path, Fixture, GINT_TO_POINTER (way), set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  static const char *const names[] = { "script", "capacity", "encrypted", "two-hosts" };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      add ("group-then-channel", names[i], i, test_group_then_channel);
      add ("channel-then-group", names[i], i, test_channel_then_group);
      add ("in-between", names[i], i, test_in_between);
      add ("stop", names[i], i, test_stop);
      add ("stop-in-outage", names[i], i, test_stop_in_outage);
      add ("two-groups", names[i], i, test_two_groups);
      add ("burst", names[i], i, test_burst);
    }
  add ("django", names[BY_SCRIPT], BY_SCRIPT, test_django);
  add ("host-away", names[TWO_HOSTS], TWO_HOSTS, test_host_away);
  add ("too-much", names[BY_CAPACITY], BY_CAPACITY, test_too_much);
  add ("much", names[BY_SCRIPT], BY_SCRIPT, test_much);
  add ("much", names[BY_CAPACITY], BY_CAPACITY, test_much);
  add ("many-nodes", names[BY_CAPACITY], BY_CAPACITY, test_many_nodes);

  return g_test_run ();
}
