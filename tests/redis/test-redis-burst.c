/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"

#include "channels-names.h"
#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"

/* More events at once than the queue of a node has room for, with the core layer. */

#define PREFIX "asgi"
#define GROUP "chat_burst"
#define CAPACITY 5
#define MANY (20 * CAPACITY)

/* A node that is gone, and has left its keys; a member for as long as a test takes. */
#define DEAD_NODE "specific.00000000000000000000000000000000!"
#define DEAD_QUEUE PREFIX DEAD_NODE
#define ADD_DEAD "ZADD " PREFIX ":group:" GROUP " 10000000000 " DEAD_NODE "0"
#define ADD_DEAD_STAND_IN "ZADD " PREFIX ":group:" GROUP " 10000000000 " DEAD_NODE "groups-0"

/* One that reads when a test says so. */
#define OTHER_NODE "specific.00000000000000000000000000000001!"
#define ADD_OTHER "ZADD " PREFIX ":group:" GROUP " 10000000000 " OTHER_NODE "0"

/* µs between two messages that a slow node reads: fewer than a queue holds in the time that an
 * event waits for it at most, and more than none while it is waited for. */
#define SLOW (40 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  RedisServer *server; /* (owned) */
  RedisClient *client; /* (owned) */
  LayerNode *sender;   /* (owned) */
  LayerNode *node;     /* (owned) */
} Fixture;

static LayerNode *
make_node (RedisServer *server)
{
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);
  g_autofree char *node_prefix = channels_node_prefix_new ();
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, PREFIX);

  redis_settings_add_url (settings, url);
  settings->capacity = CAPACITY;

  return layer_node_new (channels_redis_layer_new (settings, FALSE), node_prefix);
}

/* Two nodes, the second one in the group. */
static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->server = redis_server_new (NULL, NULL);
  fixture->client = redis_client_new_up (fixture->server->socket);
  fixture->sender = make_node (fixture->server);
  fixture->node = make_node (fixture->server);
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
  channels_layer_join (fixture->node->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  layer_node_free (fixture->node);
  layer_node_free (fixture->sender);
  redis_client_free (fixture->client);
  redis_server_free (fixture->server);
}

static void
send_many (Fixture *fixture, LayerOutcome *outcomes, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

      channels_layer_send_to_group (fixture->sender->layer, GROUP, event, NULL, layer_sent_cb,
                                    &outcomes[i]);
    }
}

static void
assert_taken (LayerOutcome *outcome, guint remotes)
{
  channels_test_wait_until (outcome->n_calls > 0);
  g_assert_no_error (outcome->error);
  g_assert_cmpuint (outcome->remotes, ==, remotes);
}

/* The node has heard what send_many () sent, behind the first @before, once and in order. */
static void
assert_heard (Fixture *fixture, guint before, guint n)
{
  channels_test_wait_until (fixture->node->heard->len >= before + n);
  g_assert_cmpuint (fixture->node->heard->len, ==, before + n);

  for (guint i = 0; i < n; i++)
    {
      const LayerHeard *heard = g_ptr_array_index (fixture->node->heard, before + i);
      const char *text = NULL;

      g_assert_true (
          g_variant_lookup (channels_event_get_variant (heard->event), "message", "&s", &text));
      g_assert_cmpuint (g_ascii_strtoull (text, NULL, 10), ==, i);
    }
}

static void
test_whole (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome outcomes[MANY] = { 0 };

  g_test_summary ("All of a burst reaches a node that reads");

  send_many (fixture, outcomes, MANY);
  for (guint i = 0; i < MANY; i++)
    assert_taken (&outcomes[i], 1);

  assert_heard (fixture, 0, MANY);
}

static void
test_one_by_one (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome outcomes[MANY] = { 0 };

  g_test_summary ("It waits for a node that reads one message after the other, as Django does");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, outcomes, MANY);
  while (outcomes[MANY - 1].n_calls == 0)
    redis_client_run (fixture->client, "ZPOPMIN " DEAD_QUEUE);
  for (guint i = 0; i < MANY; i++)
    assert_taken (&outcomes[i], 2);

  assert_heard (fixture, 0, MANY);
}

static void
test_too_slow (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome outcomes[MANY] = { 0 };
  guint n_taken = 0;

  g_test_summary ("It does not wait for ever for one that reads too slowly");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, outcomes, MANY);
  while (outcomes[MANY - 1].n_calls == 0)
    {
      redis_client_run (fixture->client, "ZPOPMIN " DEAD_QUEUE);
      channels_test_run_for (SLOW);
    }
  for (guint i = 0; i < MANY; i++)
    n_taken += outcomes[i].remotes;

  assert_taken (&outcomes[CAPACITY], 2);
  g_assert_cmpuint (n_taken, >=, MANY);
  g_assert_cmpuint (n_taken, <, 2 * MANY);
}

/* How many scripts Redis has run. */
static guint
count_scripts (Fixture *fixture)
{
  g_autofree char *statistics = redis_server_cli (fixture->server, "INFO", "commandstats", NULL);
  const char *calls = strstr (statistics, "cmdstat_evalsha:calls=");

  g_assert_nonnull (calls);
  return (guint) g_ascii_strtoull (strchr (calls, '=') + 1, NULL, 10);
}

static void
test_deaf (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome filling[2 * CAPACITY] = { 0 };
  LayerOutcome single = { 0 };
  LayerOutcome outcomes[MANY] = { 0 };
  guint n_scripts;

  g_test_summary ("One that reads nothing is waited for once, and others are none the worse");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, filling, 2 * CAPACITY);
  for (guint i = 0; i < 2 * CAPACITY; i++)
    assert_taken (&filling[i], i < CAPACITY ? 2 : 1);
  assert_heard (fixture, 0, 2 * CAPACITY);

  /* One for the event, and two with which the node takes it. */
  n_scripts = count_scripts (fixture);
  send_many (fixture, &single, 1);
  assert_taken (&single, 1);
  assert_heard (fixture, 2 * CAPACITY, 1);
  g_assert_cmpuint (count_scripts (fixture), <=, n_scripts + 3);

  send_many (fixture, outcomes, MANY);
  for (guint i = 0; i < MANY; i++)
    assert_taken (&outcomes[i], 1);
  assert_heard (fixture, 2 * CAPACITY + 1, MANY);
}

static void
test_hears_again (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome filling[2 * CAPACITY] = { 0 };
  LayerOutcome single = { 0 };
  LayerOutcome outcomes[MANY] = { 0 };

  g_test_summary ("One that reads again is waited for again");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, filling, 2 * CAPACITY);
  assert_taken (&filling[2 * CAPACITY - 1], 1);

  redis_client_run (fixture->client, "DEL " DEAD_QUEUE);
  send_many (fixture, &single, 1);
  assert_taken (&single, 2);

  send_many (fixture, outcomes, MANY);
  while (outcomes[MANY - 1].n_calls == 0)
    redis_client_run (fixture->client, "ZPOPMIN " DEAD_QUEUE);
  for (guint i = 0; i < MANY; i++)
    assert_taken (&outcomes[i], 2);
}

static void
test_channel_behind (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome filling[CAPACITY] = { 0 };
  LayerOutcome outcomes[2 * CAPACITY] = { 0 };
  LayerOutcome other = { 0 };
  guint n_taken = 0;
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("other");

  g_test_summary ("What goes to a channel meanwhile leaves a burst its order");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, filling, CAPACITY);
  assert_taken (&filling[CAPACITY - 1], 2);
  assert_heard (fixture, 0, CAPACITY);

  /* The first of two commands is refused, for the dead node; the second one has room. */
  send_many (fixture, outcomes, 2 * CAPACITY);
  channels_layer_send_to_channel (fixture->sender->layer, "somebody", event, NULL, layer_sent_cb,
                                  &other);
  channels_test_wait_until (outcomes[2 * CAPACITY - 1].n_calls > 0 && other.n_calls > 0);
  g_assert_no_error (other.error);
  for (guint i = 0; i < 2 * CAPACITY; i++)
    {
      assert_taken (&outcomes[i], i < CAPACITY ? 1 : outcomes[i].remotes);
      n_taken += outcomes[i].remotes;
    }

  assert_heard (fixture, CAPACITY, n_taken);
}

static void
test_tries (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome filling[CAPACITY] = { 0 };
  LayerOutcome single = { 0 };
  guint n_scripts;

  g_test_summary ("Redis is not asked all the time whether a dead node has read");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, filling, CAPACITY);
  assert_taken (&filling[CAPACITY - 1], 2);
  assert_heard (fixture, 0, CAPACITY);

  n_scripts = count_scripts (fixture);
  send_many (fixture, &single, 1);
  assert_taken (&single, 1);
  g_assert_cmpuint (count_scripts (fixture), <=, n_scripts + 20);
}

static void
test_deaf_in_all (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome filling[2 * CAPACITY] = { 0 };
  LayerOutcome other = { 0 };
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("other");
  guint n_scripts;

  g_test_summary ("Who is deaf in one group is waited for in no other");

  redis_client_run (fixture->client, ADD_DEAD);
  redis_client_run (fixture->client, "ZADD " PREFIX ":group:other 10000000000 " DEAD_NODE "1");
  send_many (fixture, filling, 2 * CAPACITY);
  assert_taken (&filling[2 * CAPACITY - 1], 1);
  assert_heard (fixture, 0, 2 * CAPACITY);

  n_scripts = count_scripts (fixture);
  channels_layer_send_to_group (fixture->sender->layer, "other", event, NULL, layer_sent_cb,
                                &other);
  assert_taken (&other, 0);
  g_assert_cmpuint (count_scripts (fixture), ==, n_scripts + 1);
}

static void
test_nearly_full (Fixture *fixture, gconstpointer unused)
{
  LayerOutcome filling[CAPACITY] = { 0 };
  LayerOutcome outcomes[2] = { 0 };

  g_test_summary ("Who has room for one is not taken for deaf while another one is");

  redis_client_run (fixture->client, ADD_DEAD);
  send_many (fixture, filling, CAPACITY);
  assert_taken (&filling[CAPACITY - 1], 2);
  redis_client_run (fixture->client, ADD_OTHER);
  for (guint i = 1; i < CAPACITY; i++)
    {
      g_autofree char *add =
          g_strdup_printf ("ZADD " PREFIX OTHER_NODE " %" G_GINT64_FORMAT " filler%u",
                           g_get_real_time () / G_USEC_PER_SEC, i);

      redis_client_run (fixture->client, add);
    }

  send_many (fixture, outcomes, 2);
  assert_taken (&outcomes[0], 2);
  g_assert_cmpuint (outcomes[1].n_calls, ==, 0);
  redis_client_run (fixture->client, "ZPOPMIN " PREFIX OTHER_NODE);
  assert_taken (&outcomes[1], 2);
}

/* A node of Django's, and one of ours. */
static void
test_expires (Fixture *fixture, gconstpointer unused)
{
  const char *members[] = { ADD_DEAD, ADD_DEAD_STAND_IN };

  g_test_summary ("What a node that is gone has not read is removed when it is too old");

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      LayerOutcome outcome = { 0 };
      g_auto (RedisAnswer) seconds = { 0 };
      g_auto (RedisAnswer) messages = { 0 };

      redis_client_run (fixture->client, "DEL " PREFIX ":group:" GROUP " " DEAD_QUEUE);
      redis_client_run (fixture->client, members[i]);
      redis_client_run (fixture->client, "ZADD " DEAD_QUEUE " 1 old");
      send_many (fixture, &outcome, 1);
      assert_taken (&outcome, 1);
      redis_client_call (fixture->client, "TTL " DEAD_QUEUE, &seconds);
      g_assert_no_error (seconds.error);
      g_assert_cmpint (seconds.reply->integer, >, 0);
      redis_client_call (fixture->client, "ZCARD " DEAD_QUEUE, &messages);
      g_assert_no_error (messages.error);
      g_assert_cmpint (messages.reply->integer, ==, 1);
    }
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer unused))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/redis-burst/whole", test_whole);
  add ("/redis-burst/one-by-one", test_one_by_one);
  add ("/redis-burst/too-slow", test_too_slow);
  add ("/redis-burst/deaf", test_deaf);
  add ("/redis-burst/hears-again", test_hears_again);
  add ("/redis-burst/channel-behind", test_channel_behind);
  add ("/redis-burst/deaf-in-all", test_deaf_in_all);
  add ("/redis-burst/tries", test_tries);
  add ("/redis-burst/nearly-full", test_nearly_full);
  add ("/redis-burst/expires", test_expires);

  return g_test_run ();
}
