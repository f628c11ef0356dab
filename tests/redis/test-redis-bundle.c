/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"
#include "channels-redis-layer.h"
#include "channels-redis-pubsub-layer.h"

#include "channels-msgpack.h"
#include "channels-names.h"
#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"

/* Several events in one message, to those who can read that, and alone to others. */

#define PREFIX "asgi"
#define GROUP "chat_bundle"
#define CAPACITY 6

/* A node of ours, and one of Django's, with nobody behind them: what they have stays in Redis. */
#define OUR_NODE "specific.00000000000000000000000000000001!"
#define OUR_MEMBER OUR_NODE "groups-0"
#define THEIR_NODE "specific.00000000000000000000000000000002!"
#define THEIR_MEMBER THEIR_NODE "0"
#define JOIN "ZADD " PREFIX ":group:" GROUP " 10000000000 "

/* Where in a message the content is, and in that of a bundle the number of events. */
#define CONTENT_OFFSET 12
#define COUNT_OFFSET 13

typedef ChannelsLayer *(*MakeLayer) (ChannelsRedisSettings *settings);

typedef struct
{
  RedisServer *server; /* (owned) */
  RedisClient *client; /* (owned) */
  LayerNode *sender;   /* (owned) */
  LayerNode *node;     /* (owned): in the group */
} Fixture;

static ChannelsLayer *
make_core_layer (ChannelsRedisSettings *settings)
{
  return channels_redis_layer_new (settings, FALSE);
}

/* One that asks for the members first, and makes the messages itself. */
static ChannelsLayer *
make_asking_layer (ChannelsRedisSettings *settings)
{
  channels_redis_settings_add_capacity (settings, "other.*", 1);
  return channels_redis_layer_new (settings, FALSE);
}

static LayerNode *
make_node (RedisServer *server, MakeLayer make_layer)
{
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);
  g_autofree char *node_prefix = channels_node_prefix_new ();
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, PREFIX);

  redis_settings_add_url (settings, url);
  settings->capacity = CAPACITY;

  return layer_node_new (make_layer (settings), node_prefix);
}

static void
set_up (Fixture *fixture, gconstpointer make_layer)
{
  fixture->server = redis_server_new (NULL, NULL);
  fixture->client = redis_client_new_up (fixture->server->socket);
  fixture->sender = make_node (fixture->server, (MakeLayer) make_layer);
  fixture->node = make_node (fixture->server, (MakeLayer) make_layer);
  channels_test_wait_until (layer_node_is_up (fixture->sender) && layer_node_is_up (fixture->node));
  channels_layer_join (fixture->node->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 1);
}

static void
tear_down (Fixture *fixture, gconstpointer make_layer)
{
  layer_node_free (fixture->node);
  layer_node_free (fixture->sender);
  redis_client_free (fixture->client);
  redis_server_free (fixture->server);
}

/* An event with @n members in all. */
static ChannelsEvent *
make_event (guint n)
{
  g_auto (GVariantDict) members = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GError) error = NULL;
  ChannelsEvent *event;

  g_variant_dict_insert (&members, "type", "s", "chat_message");
  for (guint i = 1; i < n; i++)
    {
      g_autofree char *key = g_strdup_printf ("key%u", i);

      g_variant_dict_insert (&members, key, "b", TRUE);
    }
  event = channels_event_new_from_variant (g_variant_dict_end (&members),
                                           CHANNELS_MSGPACK_DEPTH_MAX, &error);
  g_assert_no_error (error);

  return event;
}

static void
send_event (Fixture *fixture, ChannelsEvent *event, LayerOutcome *outcome)
{
  channels_layer_send_to_group (fixture->sender->layer, GROUP, event, NULL, layer_sent_cb, outcome);
}

static void
assert_taken (LayerOutcome *outcome, guint remotes)
{
  channels_test_wait_until (outcome->n_calls == 1);
  g_assert_no_error (outcome->error);
  g_assert_cmpuint (outcome->remotes, ==, remotes);
}

/* The messages of a node's queue, oldest first. */
static void
read_queue (Fixture *fixture, const char *node, RedisAnswer *answer)
{
  g_autofree char *command = g_strdup_printf ("ZRANGE " PREFIX "%s 0 -1", node);

  redis_client_call (fixture->client, command, answer);
  g_assert_no_error (answer->error);
}

/* It is what channels_redis would have put there: the event with a list of one name. */
static void
assert_theirs (const ChannelsRedisReply *message, ChannelsEvent *event)
{
  const char *names[] = { THEIR_MEMBER, NULL };
  g_autoptr (GVariant) list = g_variant_ref_sink (g_variant_new_strv (names, -1));
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  channels_msgpack_append_map_with (expected, channels_event_get_msgpack (event, NULL),
                                    CHANNELS_EVENT_KEY_CHANNEL, list, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (message->str + CONTENT_OFFSET, message->len - CONTENT_OFFSET, expected->data,
                   expected->len);
}

/* It is a bundle of these @n events. */
static void
assert_ours (const ChannelsRedisReply *message, ChannelsEvent *const *events, guint n)
{
  g_autoptr (GBytes) bytes = g_bytes_new (message->str, message->len);
  const guint8 head[] = { CHANNELS_REDIS_BUNDLE_MARK, (guint8) n };
  ChannelsRedisBundle bundle;
  g_autofree char *name = NULL;

  g_assert_cmpmem (message->str + CONTENT_OFFSET, sizeof head, head, sizeof head);
  name = channels_redis_bundle_open (&bundle, bytes, CONTENT_OFFSET + CHANNELS_REDIS_BUNDLE_HEAD);
  g_assert_cmpstr (name, ==, GROUP);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) event = channels_redis_bundle_next (&bundle);

      g_assert_true (g_bytes_equal (event, channels_event_get_msgpack (events[i], NULL)));
    }
  g_assert_null (channels_redis_bundle_next (&bundle));
}

static void
test_core (Fixture *fixture, gconstpointer make_layer)
{
  /* Around what changes the head of a map in MessagePack, to which one more comes for Django. */
  const guint n_members[] = { 1, 14, 15, 16 };
  ChannelsEvent *events[G_N_ELEMENTS (n_members)];
  LayerOutcome outcomes[G_N_ELEMENTS (n_members)] = { 0 };
  g_auto (RedisAnswer) ours = { 0 };
  g_auto (RedisAnswer) theirs = { 0 };

  g_test_summary ("A node of ours has one message for all, and one of Django's one for each");

  redis_client_run (fixture->client, JOIN OUR_MEMBER);
  redis_client_run (fixture->client, JOIN THEIR_MEMBER);
  for (guint i = 0; i < G_N_ELEMENTS (n_members); i++)
    {
      events[i] = make_event (n_members[i]);
      send_event (fixture, events[i], &outcomes[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (n_members); i++)
    assert_taken (&outcomes[i], 3);

  read_queue (fixture, OUR_NODE, &ours);
  g_assert_cmpuint (ours.reply->elements, ==, 1);
  assert_ours (ours.reply->element[0], events, G_N_ELEMENTS (n_members));
  read_queue (fixture, THEIR_NODE, &theirs);
  g_assert_cmpuint (theirs.reply->elements, ==, G_N_ELEMENTS (n_members));
  channels_test_wait_until (fixture->node->heard->len == G_N_ELEMENTS (n_members));
  for (guint i = 0; i < G_N_ELEMENTS (n_members); i++)
    {
      const LayerHeard *heard = g_ptr_array_index (fixture->node->heard, i);

      assert_theirs (theirs.reply->element[i], events[i]);
      g_assert_cmpvariant (channels_event_get_variant (heard->event),
                           channels_event_get_variant (events[i]));
      channels_event_unref (events[i]);
    }
}

/* A bundle has one name, and both are to have the event. */
static void
test_core_twice (Fixture *fixture, gconstpointer make_layer)
{
  g_autoptr (ChannelsEvent) event = make_event (1);
  g_auto (RedisAnswer) ours = { 0 };

  g_test_summary ("A node with another member in the group has no bundle, but all names");

  redis_client_run (fixture->client, JOIN OUR_MEMBER);
  redis_client_run (fixture->client, JOIN OUR_NODE "groups-1");
  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, event), ==, 2);

  read_queue (fixture, OUR_NODE, &ours);
  g_assert_cmpuint (ours.reply->elements, ==, 1);
  g_assert_cmpint (ours.reply->element[0]->str[CONTENT_OFFSET], ==, (char) 0x82);
}

static void
test_core_room (Fixture *fixture, gconstpointer make_layer)
{
  ChannelsEvent *events[3];
  LayerOutcome outcomes[G_N_ELEMENTS (events)] = { 0 };
  g_auto (RedisAnswer) ours = { 0 };
  g_auto (RedisAnswer) theirs = { 0 };
  g_auto (RedisAnswer) later = { 0 };

  g_test_summary (
      "A bundle has no more than others have room for, and the rest follows in another");

  redis_client_run (fixture->client, JOIN OUR_MEMBER);
  redis_client_run (fixture->client, JOIN THEIR_MEMBER);
  for (guint i = 2; i < CAPACITY; i++)
    {
      g_autofree char *add =
          g_strdup_printf ("ZADD " PREFIX THEIR_NODE " %" G_GINT64_FORMAT " filler%u",
                           g_get_real_time () / G_USEC_PER_SEC, i);

      redis_client_run (fixture->client, add);
    }
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      events[i] = make_event (i + 1);
      send_event (fixture, events[i], &outcomes[i]);
    }
  assert_taken (&outcomes[0], 3);
  assert_taken (&outcomes[1], 3);
  g_assert_cmpuint (outcomes[2].n_calls, ==, 0);
  read_queue (fixture, OUR_NODE, &ours);
  g_assert_cmpuint (ours.reply->elements, ==, 1);
  assert_ours (ours.reply->element[0], events, 2);

  redis_client_run (fixture->client, "ZPOPMIN " PREFIX THEIR_NODE);
  assert_taken (&outcomes[2], 3);
  read_queue (fixture, OUR_NODE, &later);
  g_assert_cmpuint (later.reply->elements, ==, 2);
  assert_ours (later.reply->element[1], &events[2], 1);
  read_queue (fixture, THEIR_NODE, &theirs);
  assert_theirs (theirs.reply->element[CAPACITY - 1], events[2]);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    channels_event_unref (events[i]);
}

static void
test_core_last (Fixture *fixture, gconstpointer make_layer)
{
  g_autoptr (ChannelsEvent) event = make_event (1);
  LayerOutcome outcomes[CAPACITY - 1] = { 0 };
  LayerOutcome direct = { 0 };
  g_auto (RedisAnswer) ours = { 0 };
  g_auto (RedisAnswer) theirs = { 0 };

  g_test_summary ("What goes for the last time goes to ours whole, and each is told who took it");

  redis_client_run (fixture->client, JOIN OUR_MEMBER);
  redis_client_run (fixture->client, JOIN THEIR_MEMBER);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, event), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    send_event (fixture, event, &outcomes[i]);
  layer_node_send_to_channel (fixture->sender, OUR_NODE "1", event, &direct);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    assert_taken (&outcomes[i], i < CAPACITY - 2 ? 3 : 2);

  read_queue (fixture, OUR_NODE, &ours);
  g_assert_cmpuint (ours.reply->elements, ==, 4);
  g_assert_cmpint (ours.reply->element[2]->str[COUNT_OFFSET], ==, G_N_ELEMENTS (outcomes));
  read_queue (fixture, THEIR_NODE, &theirs);
  g_assert_cmpuint (theirs.reply->elements, ==, CAPACITY);
}

static void
test_asking_full (Fixture *fixture, gconstpointer make_layer)
{
  g_autoptr (ChannelsEvent) event = make_event (1);
  LayerOutcome outcomes[CHANNELS_REDIS_PAYLOADS_MAX + 1] = { 0 };
  g_auto (RedisAnswer) ours = { 0 };
  g_auto (RedisAnswer) theirs = { 0 };

  g_test_summary (
      "A full queue goes without what it has no room for, and each is told who took it");

  redis_client_run (fixture->client, JOIN OUR_MEMBER);
  redis_client_run (fixture->client, JOIN THEIR_MEMBER);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    send_event (fixture, event, &outcomes[i]);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    assert_taken (&outcomes[i], i < CAPACITY ? 3 : 2);

  read_queue (fixture, OUR_NODE, &ours);
  g_assert_cmpuint (ours.reply->elements, ==, 2);
  g_assert_cmpint (ours.reply->element[1]->str[COUNT_OFFSET], ==, 1);
  read_queue (fixture, THEIR_NODE, &theirs);
  g_assert_cmpuint (theirs.reply->elements, ==, CAPACITY);
}

/* Puts @content into the queue of the node, or publishes it to the group's bundles. */
static void
inject (Fixture *fixture, MakeLayer make_layer, const char *content)
{
  g_autofree char *command = make_layer == make_core_layer
                                 ? g_strdup_printf ("EVAL redis.call('ZADD','" PREFIX
                                                    "%s',1,'123456789012\\193\\1'..%s) 0",
                                                    fixture->node->prefix, content)
                                 : g_strdup_printf ("EVAL redis.call('PUBLISH','" PREFIX
                                                    "__group__" GROUP "!bundles',%s) 0",
                                                    content);

  redis_client_run (fixture->client, command);
}

/* A map of one member, `type`, with such a value. */
#define MAP(value) "'\\0\\0\\0\\8\\129\\164type\\161" value "'"

static void
test_malformed (Fixture *fixture, gconstpointer make_layer)
{
  const char *name;
  g_autoptr (GString) mixed = g_string_new (NULL);
  const char *contents[] = { "''", "'\\200name'", "'\\0\\0'",
                             "'\\0\\0\\0\\0\\9\\129\\164type\\161x'" };

  g_test_summary ("What is no bundle is dropped, and of a bundle what is no event");

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    inject (fixture, (MakeLayer) make_layer, contents[i]);

  name = (MakeLayer) make_layer == make_core_layer ? GROUP : OUR_NODE;
  g_string_printf (mixed, "'\\%03u%s'.." MAP ("1") "..'\\0\\0\\0\\1\\193'.." MAP ("2"),
                   (guint) strlen (name), name);
  inject (fixture, (MakeLayer) make_layer, mixed->str);
  channels_test_wait_until (fixture->node->heard->len == 2);

  for (guint i = 0; i < 2; i++)
    {
      const LayerHeard *heard = g_ptr_array_index (fixture->node->heard, i);

      g_assert_cmpstr (heard->group, ==, GROUP);
      g_assert_cmpstr (channels_event_get_event_type (heard->event), ==, i == 0 ? "1" : "2");
    }
}

static void
leave_cb (ChannelsLayer *layer, const char *group, ChannelsEvent *event, gpointer user_data)
{
  const GPtrArray *heard = user_data; /* without probes */

  if (heard->len == 1)
    channels_layer_leave (layer, GROUP);
}

static void
test_leaves (Fixture *fixture, gconstpointer make_layer)
{
  g_autoptr (ChannelsEvent) event = make_event (1);
  LayerOutcome outcomes[3] = { 0 };

  g_test_summary ("Who leaves a group in the middle of a bundle hears no more of it");

  g_signal_connect (fixture->node->layer, "group-event", G_CALLBACK (leave_cb),
                    fixture->node->heard);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    send_event (fixture, event, &outcomes[i]);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    assert_taken (&outcomes[i], 1);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 0);

  g_assert_cmpuint (fixture->node->heard->len, ==, 1);
}

static void
drop_cb (ChannelsLayer *layer, const char *group, ChannelsEvent *event, gpointer user_data)
{
  LayerNode *node = user_data;

  if (node->heard->len == 1)
    g_clear_object (&node->layer);
}

static void
test_let_go (Fixture *fixture, gconstpointer make_layer)
{
  g_autoptr (ChannelsEvent) event = make_event (1);
  LayerNode *other = make_node (fixture->server, (MakeLayer) make_layer);
  LayerOutcome outcomes[3] = { 0 };

  g_test_summary ("A layer that is let go of in the middle of a bundle lives no longer than that");

  channels_test_wait_until (layer_node_is_up (other));
  channels_layer_join (other->layer, GROUP);
  layer_node_wait_for_remotes (fixture->sender, GROUP, 2);
  g_signal_connect (other->layer, "group-event", G_CALLBACK (drop_cb), other);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    send_event (fixture, event, &outcomes[i]);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    assert_taken (&outcomes[i], 2);

  channels_test_wait_until (other->heard->len > 0);
  g_assert_null (other->layer);
  layer_node_free (other);
}

static void
subscribe (RedisClient *client, const char *words)
{
  g_auto (RedisAnswer) answer = { 0 };

  channels_test_wait_until (client->n_up == 1);
  redis_client_call (client, words, &answer);
  g_assert_no_error (answer.error);
}

static void
test_pubsub (Fixture *fixture, gconstpointer make_layer)
{
  g_autofree char *url = g_strdup_printf ("unix://%s", fixture->server->socket);
  RedisClient *reader = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  RedisClient *other = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  g_autoptr (ChannelsEvent) event = make_event (1);
  LayerOutcome outcomes[4] = { 0 };

  g_test_summary ("Bundles are published while all that are subscribed read them");

  subscribe (reader, "SUBSCRIBE " PREFIX "__group__" GROUP " " PREFIX "__group__" GROUP "!bundles");
  channels_layer_join (fixture->sender->layer, GROUP);
  layer_node_wait_for_remotes (fixture->node, GROUP, 2);
  subscribe (reader, "SUBSCRIBE nothing"); /* answered behind the probes */
  g_ptr_array_set_size (reader->messages, 0);
  send_event (fixture, event, &outcomes[0]);
  send_event (fixture, event, &outcomes[1]);
  assert_taken (&outcomes[0], 2);
  assert_taken (&outcomes[1], 2);
  channels_test_wait_until (fixture->node->heard->len == 2 && reader->messages->len > 0);
  g_assert_cmpuint (reader->messages->len, ==, 1);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (reader->messages, 0),
                                   PREFIX "__group__" GROUP "!bundles "));

  subscribe (other, "SUBSCRIBE " PREFIX "__group__" GROUP);
  send_event (fixture, event, &outcomes[2]);
  send_event (fixture, event, &outcomes[3]);
  assert_taken (&outcomes[2], 3);
  assert_taken (&outcomes[3], 3);
  channels_test_wait_until (fixture->node->heard->len == 4 && other->messages->len == 2 &&
                            reader->messages->len == 3);
  g_assert_cmpuint (fixture->sender->heard->len, ==, 0);
  redis_client_free (other);
  redis_client_free (reader);
}

static void
test_pubsub_watched (Fixture *fixture, gconstpointer make_layer)
{
  g_autofree char *url = g_strdup_printf ("unix://%s", fixture->server->socket);
  RedisClient *watcher = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  g_autoptr (ChannelsEvent) event = make_event (1);

  g_test_summary ("Who watches all channels by a pattern is no node, and is not counted");

  subscribe (watcher, "PSUBSCRIBE *");
  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, event), ==, 1);
  channels_layer_join (fixture->sender->layer, GROUP);
  layer_node_wait_for_remotes (fixture->node, GROUP, 1);
  channels_test_wait_until (fixture->node->heard->len == 1);
  redis_client_free (watcher);
}

static void
test_pubsub_denied (Fixture *fixture, gconstpointer make_layer)
{
  g_autoptr (ChannelsEvent) event = make_event (1);

  g_test_summary ("Where Redis does not say who is subscribed, events go alone");

  redis_client_run (fixture->client, "ACL SETUSER default -pubsub");
  channels_layer_join (fixture->sender->layer, GROUP);
  layer_node_wait_for_remotes (fixture->node, GROUP, 1);
  g_assert_cmpuint (layer_node_send (fixture->sender, GROUP, event), ==, 1);
  channels_test_wait_until (fixture->node->heard->len == 1);
  g_assert_cmpuint (fixture->sender->heard->len, ==, 0);
}

static void
add (const char *layer,
     const char *name,
     MakeLayer make_layer,
     void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/redis-bundle/%s/%s", layer, name);

  g_test_add (path, Fixture, make_layer, set_up, test, tear_down);
}

static void
add_both (const char *name, void (*test) (Fixture *, gconstpointer))
{
  add ("core", name, make_core_layer, test);
  add ("pubsub", name, channels_redis_pubsub_layer_new, test);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("core", "both", make_core_layer, test_core);
  add ("core", "twice", make_core_layer, test_core_twice);
  add ("core", "room", make_core_layer, test_core_room);
  add ("asking", "both", make_asking_layer, test_core);
  add ("asking", "twice", make_asking_layer, test_core_twice);
  add ("asking", "full", make_asking_layer, test_asking_full);
  add ("core", "last", make_core_layer, test_core_last);
  add ("pubsub", "both", channels_redis_pubsub_layer_new, test_pubsub);
  add ("pubsub", "watched", channels_redis_pubsub_layer_new, test_pubsub_watched);
  add ("pubsub", "denied", channels_redis_pubsub_layer_new, test_pubsub_denied);
  add_both ("malformed", test_malformed);
  add_both ("leaves", test_leaves);
  add_both ("let-go", test_let_go);

  return g_test_run ();
}
