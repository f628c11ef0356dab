/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"
#include "channels-redis-layer.h"
#include "channels-redis-words.h"

#include "layer-node.h"
#include "redis-fixture.h"
#include "redis-server.h"

/* How much a node of the core layer takes out of a full queue at once. */

#define PREFIX "asgi"
#define NODE_PREFIX "specific.node!"
#define GROUP "chat_drain"
#define SECRET "a secret"

/* Messages in the queue, and events of each. */
#define MANY 40
#define EVENTS 100

/* Events that come by one wait and the command behind it. */
#define AT_ONCE (2 * CHANNELS_REDIS_PAYLOADS_MAX)

typedef struct
{
  const char *path;
  gboolean encrypted;
  gsize size; /* bytes of an event's text */
} Case;

static const Case cases[] = {
  { "/redis-drain/plain", FALSE, 64 },
  { "/redis-drain/encrypted", TRUE, 64 },
  { "/redis-drain/encrypted-short", TRUE, 1 },
};

static ChannelsRedisSettings *
make_settings (RedisServer *server, gboolean encrypted)
{
  ChannelsRedisSettings *settings = channels_redis_settings_new (NODE_PREFIX, PREFIX);
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);

  redis_settings_add_url (settings, url);
  if (encrypted)
    channels_redis_settings_add_secret (settings, SECRET);

  return settings;
}

/* A message for the group with so many events. */
static GBytes *
make_message (const ChannelsRedisSettings *settings, gsize size)
{
  g_autofree char *text = g_strnfill (size, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);
  g_autoptr (GByteArray) bundle = g_byte_array_new ();
  g_autoptr (GBytes) content = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *message;

  channels_redis_bundle_begin_in_queue (bundle, GROUP, EVENTS);
  for (guint i = 0; i < EVENTS; i++)
    channels_redis_bundle_append (bundle, channels_event_get_msgpack (event, NULL));
  content = g_byte_array_free_to_bytes (g_steal_pointer (&bundle));
  message = channels_redis_settings_seal (settings, TRUE, content, &error);
  g_assert_no_error (error);

  return message;
}

/* Puts them all into the queue with one command. */
static void
fill_queue (RedisClient *client, const ChannelsRedisSettings *settings, gsize size)
{
  g_auto (ChannelsRedisWords) words = { NULL };

  channels_redis_words_init (&words, "ZADD");
  channels_redis_words_add (&words, PREFIX NODE_PREFIX);
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GBytes) message = make_message (settings, size);

      channels_redis_words_add_time (&words, g_get_real_time ());
      channels_redis_words_add_bytes (&words, message);
    }
  channels_redis_words_send (&words, client->connection, NULL, NULL);
}

static void
test_drain (gconstpointer data)
{
  const Case *row = data;
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  RedisClient *client = redis_client_new_up (server->socket);
  ChannelsRedisSettings *settings = make_settings (server, row->encrypted);
  LayerNode *node = layer_node_new (channels_redis_layer_new (settings, FALSE), NODE_PREFIX);
  guint most = 0;

  g_test_summary ("However many events a queue has, others have their turn between some and more");

  channels_layer_join (node->layer, GROUP);
  channels_test_wait_until (layer_node_is_up (node));
  fill_queue (client, settings, row->size);
  while (node->heard->len < MANY * EVENTS)
    {
      guint before = node->heard->len;

      g_main_context_iteration (NULL, TRUE);
      most = MAX (most, node->heard->len - before);
    }

  g_assert_cmpuint (most, <=, AT_ONCE);
  layer_node_free (node);
  redis_client_free (client);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i], test_drain);

  return g_test_run ();
}
