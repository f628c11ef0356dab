/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-receiver.h"

#include "channels-redis-bundle.h"
#include "channels-test-wait.h"
#include "redis-server.h"

#include <string.h>

/* How much of a full queue a receiver takes at once: with each answer it takes less than all, and
 * waits for the next message before it asks for more. */

#define QUEUE "asgispecific.receiver!"

/* The first byte of what is no bundle, and of what is encrypted. */
#define OTHER_MARK 0x82
#define ENCRYPTED_MARK 'g'

/* KEYS: the queue; ARGV: messages, the first byte of each, how many events it says that it has,
 * bytes. */
#define FILL                                                                                       \
  "for i = 1, tonumber(ARGV[1]) do "                                                               \
  "  local head = string.format('%012d', i) .. string.char(ARGV[2], ARGV[3]); "                    \
  "  redis.call('ZADD', KEYS[1], i, head .. string.rep('x', ARGV[4] - #head)) "                    \
  "end"

typedef struct
{
  const char *name;
  guint n_messages;
  guint8 mark;
  guint n_events;  /* that it says it has */
  gsize size;      /* bytes of each */
  guint n_answers; /* that have it all, but what was waited for */
} Case;

#define BUNDLE ((guint8) CHANNELS_REDIS_BUNDLE_MARK)

static const Case cases[] = {
  { "few", 128, OTHER_MARK, 0, 20, 1 },
  { "many", 129, OTHER_MARK, 0, 20, 2 },
  { "random", 2, OTHER_MARK, G_MAXUINT8, 20, 1 },
  { "one-bundle", 1, BUNDLE, 128, 20, 1 },
  { "small-bundles", 2, BUNDLE, 64, 20, 1 },
  { "bundles", 2, BUNDLE, 65, 20, 2 },
  { "large-bundles", 5, BUNDLE, 128, 20, 3 },
  { "most", 2, BUNDLE, G_MAXUINT8, 20, 2 },
  { "few-without-events", 128, BUNDLE, 0, 20, 1 },
  { "many-without-events", 129, BUNDLE, 0, 20, 2 },
  { "few-encrypted", 2, ENCRYPTED_MARK, 0, 3072, 1 },
  { "many-encrypted", 2, ENCRYPTED_MARK, 0, 3073, 2 },
  { "few-bytes", 4, OTHER_MARK, 0, 1048576, 1 },
  { "many-bytes", 4, OTHER_MARK, 0, 1048577, 2 },
  { "more-bytes", 2, OTHER_MARK, 0, 5000000, 2 },
};

static char *
print (gsize number)
{
  return g_strdup_printf ("%" G_GSIZE_FORMAT, number);
}

static void
on_message (GBytes *message, gpointer user_data)
{
  guint *n_messages = user_data;

  (*n_messages)++;
}

static void
on_changed (gpointer user_data)
{
}

static const ChannelsRedisReceiverFuncs funcs = { .message = on_message, .changed = on_changed };

static void
test_takes (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (RedisServer) server = redis_server_new (NULL, NULL);
  g_autofree char *url = g_strdup_printf ("unix://%s", server->socket);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (url, &error);
  g_autofree char *number = print (one->n_messages);
  g_autofree char *mark = print (one->mark);
  g_autofree char *n_events = print (one->n_events);
  g_autofree char *size = print (one->size);
  guint n_messages = 0;
  g_autoptr (ChannelsRedisReceiver) receiver = NULL;
  g_autofree char *statistics = NULL;
  const char *calls;

  g_test_summary ("An answer has so many events, and so many bytes, or one message that has more");

  g_assert_no_error (error);
  g_free (redis_server_cli (server, "EVAL", FILL, "1", QUEUE, number, mark, n_events, size, NULL));
  receiver = channels_redis_receiver_new (address, QUEUE, FALSE, &funcs, &n_messages);
  channels_test_wait_until (n_messages == one->n_messages);

  statistics = redis_server_cli (server, "INFO", "commandstats", NULL);
  calls = strstr (statistics, "cmdstat_evalsha:calls=");
  g_assert_nonnull (calls);
  g_assert_cmpuint (g_ascii_strtoull (strchr (calls, '=') + 1, NULL, 10), ==, one->n_answers);
  channels_redis_receiver_close (receiver);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-receiver/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_takes);
    }

  return g_test_run ();
}
