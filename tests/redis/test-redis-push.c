/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"

#include "channels-error.h"
#include "fake-redis.h"
#include "layer-node.h"
#include "redis-fixture.h"

#include "channels-test-wait.h"

/* What a core layer that asks for the members first makes of the answers, whatever they are. */

#define NODE_PREFIX "specific.node!"

/* Two nodes, one of which has bundles, and what is none. */
#define MEMBERS                                                                                    \
  "*4\r\n$12\r\nspecific.a!1\r\n$19\r\nspecific.b!groups-0\r\n:1\r\n$12\r\nspecific.a!0\r\n"

/* Of a send that failed. */
#define FAILED -1

typedef struct
{
  const char *members;
  const char *answer; /* of the push */
  int remotes;
} Row;

static const Row rows[] = {
  { MEMBERS, "*0\r\n", 2 },
  { MEMBERS, "*1\r\n:2\r\n", 1 },
  { MEMBERS, "*2\r\n:1\r\n:2\r\n", 0 },
  { MEMBERS, "*2\r\n:1\r\n:1\r\n", FAILED },
  { MEMBERS, "*2\r\n:2\r\n:1\r\n", FAILED },
  { MEMBERS, "*1\r\n:3\r\n", FAILED },
  { MEMBERS, "*1\r\n:0\r\n", FAILED },
  { MEMBERS, "*1\r\n:-1\r\n", FAILED },
  { MEMBERS, "*1\r\n:9223372036854775807\r\n", FAILED },
  { MEMBERS, "*1\r\n$1\r\n1\r\n", FAILED },
  { MEMBERS, "*1\r\n*0\r\n", FAILED },
  { MEMBERS, ":1\r\n", FAILED },
  { MEMBERS, "$-1\r\n", FAILED },
  { MEMBERS, "+OK\r\n", FAILED },
  { MEMBERS, "-OOM memory is full\r\n", FAILED },
  { "*0\r\n", "+OK\r\n", 0 },
  { "$-1\r\n", "+OK\r\n", 0 },
  { ":5\r\n", "+OK\r\n", 0 },
  { "-WRONGTYPE no group\r\n", "*0\r\n", FAILED },
};

static LayerNode *
make_node (FakeRedis *fake)
{
  ChannelsRedisSettings *settings = channels_redis_settings_new (NODE_PREFIX, "asgi");
  g_autofree char *url = fake_redis_get_url (fake);

  redis_settings_add_url (settings, url);
  channels_redis_settings_add_capacity (settings, "other.*", 1);

  return layer_node_new (channels_redis_layer_new (settings, FALSE), NODE_PREFIX);
}

static void
test_answer (gconstpointer data)
{
  const Row *row = data;
  const FakeReply before[] = { { .verb = "BZPOPMIN" },
                               { .verb = "EVALSHA", .reply = "*0\r\n" },
                               { .verb = NULL } };
  const FakeReply script[] = { { .verb = "BZPOPMIN" },
                               { .verb = "ZRANGEBYSCORE", .reply = row->members },
                               { .verb = "EVALSHA", .reply = row->answer },
                               { .verb = NULL } };
  g_autoptr (FakeRedis) fake = fake_redis_new (before);
  LayerNode *node = make_node (fake);
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("hello");
  g_auto (LayerOutcome) outcome = { 0 };

  g_test_summary ("What Redis answers is believed where it can be, and else nobody is told so");

  channels_test_wait_until (layer_node_is_up (node));
  fake->script = script;
  layer_node_send_to_group (node, "chat_answers", event, &outcome);

  if (row->remotes == FAILED)
    {
      g_assert_error (outcome.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
    }
  else
    {
      g_assert_no_error (outcome.error);
      g_assert_cmpuint (outcome.remotes, ==, (guint) row->remotes);
    }
  fake->script = before;
  layer_node_free (node);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-push/%u", i);

      g_test_add_data_func (path, &rows[i], test_answer);
    }

  return g_test_run ();
}
