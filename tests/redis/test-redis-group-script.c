/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-group-script.h"

#include "channels-redis-bundle.h"
#include "channels-redis-words.h"
#include "redis-fixture.h"
#include "redis-server.h"

/* What the script for a group makes of events that would take a layer long to make. */

#define GROUP "asgi:group:chat_script"
#define NODE "specific.django!"
#define SALT "123456789012"
#define SALT_SIZE 12

static void
test_long_heads (void)
{
  /* Heads of maps in MessagePack alone: the script looks at no more. */
  static const struct
  {
    gsize length;
    guint8 head[5];
    gsize grown_length;
    guint8 grown[5];
  } rows[] = {
    { 3, { 0xde, 0xff, 0xfe }, 3, { 0xde, 0xff, 0xff } },
    { 3, { 0xde, 0xff, 0xff }, 5, { 0xdf, 0, 1, 0, 0 } },
    { 5, { 0xdf, 0, 1, 0, 0 }, 5, { 0xdf, 0, 1, 0, 1 } },
  };
  const char *const arguments[] = { "1",  GROUP, "-inf", "asgi", "specific.nobody!",
                                    "60", "0",   "100",  "1000", "",
                                    "3",  "12" };
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autoptr (RedisClient) client = redis_client_new_up (server->socket);
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_auto (ChannelsRedisWords) words = { NULL };
  g_auto (RedisAnswer) joined = { 0 };
  g_auto (RedisAnswer) queue = { 0 };

  g_test_summary ("A map of very many members has one more for Django, too");

  redis_client_call (client, "ZADD " GROUP " 1 " NODE "0", &joined);
  channels_redis_words_init (&words, "EVAL");
  channels_redis_words_add (&words, channels_redis_group_script);
  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    channels_redis_words_add (&words, arguments[i]);
  g_byte_array_append (message, (const guint8 *) SALT, SALT_SIZE);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) map = g_bytes_new_static (rows[i].head, rows[i].length);

      channels_redis_bundle_append (message, map);
    }
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&message));
  channels_redis_words_add_bytes (&words, bytes);
  channels_redis_words_send (&words, client->connection, NULL, NULL);

  redis_client_call (client, "ZRANGE asgi" NODE " 0 -1", &queue);
  g_assert_no_error (queue.error);
  g_assert_cmpuint (queue.reply->elements, ==, G_N_ELEMENTS (rows));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpmem (queue.reply->element[i]->str + SALT_SIZE, rows[i].grown_length, rows[i].grown,
                     rows[i].grown_length);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-group-script/long-heads", test_long_heads);

  return g_test_run ();
}
