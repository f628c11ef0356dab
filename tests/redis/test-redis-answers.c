/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"
#include "channels-redis-pubsub-layer.h"

#include "channels-error.h"
#include "channels-names.h"
#include "channels-test-wait.h"
#include "fake-redis.h"
#include "layer-node.h"
#include "redis-fixture.h"

#include <string.h>

/* What a layer makes of what the script for a group may be answered with. */

#define GROUP "chat_answers"
#define N_EVENTS 2

typedef struct
{
  const char *name;
  const char *answer;
  gboolean by_core; /* or by the layer that sends nothing twice */
  gboolean is_refused;
  guint remotes[N_EVENTS]; /* unless it is refused */
} Case;

#define NONE "*0\r\n"

static const Case cases[] = {
  { "same", "*4\r\n:2\r\n:7\r\n" NONE NONE, FALSE, FALSE, { 7, 7 } },
  { "each", "*4\r\n:2\r\n*2\r\n:1\r\n:0\r\n" NONE NONE, FALSE, FALSE, { 1, 0 } },
  { "names", "*4\r\n:2\r\n:1\r\n*2\r\n$1\r\nx\r\n:5\r\n*1\r\n*0\r\n", FALSE, FALSE, { 1, 1 } },
  { "negative", "*4\r\n:2\r\n:-1\r\n" NONE NONE, FALSE, FALSE, { 0, 0 } },
  { "huge",
    "*4\r\n:2\r\n:9223372036854775807\r\n" NONE NONE,
    FALSE,
    FALSE,
    { G_MAXINT, G_MAXINT } },
  { "no-number", "*4\r\n:2\r\n*2\r\n$1\r\n1\r\n*0\r\n" NONE NONE, FALSE, FALSE, { 0, 0 } },
  { "nil", "*4\r\n:2\r\n$-1\r\n" NONE NONE, FALSE, FALSE, { 0, 0 } },
  { "no-array", ":2\r\n", FALSE, TRUE, { 0 } },
  { "empty", NONE, FALSE, TRUE, { 0 } },
  { "short", "*3\r\n:2\r\n:1\r\n" NONE, FALSE, TRUE, { 0 } },
  { "long", "*5\r\n:2\r\n:1\r\n" NONE NONE NONE, FALSE, TRUE, { 0 } },
  { "text", "*4\r\n$1\r\n2\r\n:1\r\n" NONE NONE, FALSE, TRUE, { 0 } },
  { "fewer", "*4\r\n:1\r\n:1\r\n" NONE NONE, FALSE, TRUE, { 0 } },
  { "more", "*4\r\n:3\r\n:1\r\n" NONE NONE, FALSE, TRUE, { 0 } },
  { "most", "*4\r\n:4294967298\r\n:1\r\n" NONE NONE, FALSE, TRUE, { 0 } },
  { "too-few", "*4\r\n:2\r\n*1\r\n:1\r\n" NONE NONE, FALSE, TRUE, { 0 } },
  { "too-many", "*4\r\n:2\r\n*3\r\n:1\r\n:1\r\n:1\r\n" NONE NONE, FALSE, TRUE, { 0 } },
  { "full", "*4\r\n:2\r\n:1\r\n:0\r\n" NONE, FALSE, TRUE, { 0 } },
  { "heard", "*4\r\n:2\r\n:1\r\n" NONE "$-1\r\n", FALSE, TRUE, { 0 } },
  { "one-by-one", "*4\r\n:1\r\n*1\r\n:3\r\n" NONE NONE, TRUE, FALSE, { 3, 3 } },
  { "back", "*4\r\n:-1\r\n:1\r\n" NONE NONE, TRUE, TRUE, { 0 } },
  { "ahead", "*4\r\n:3\r\n:1\r\n" NONE NONE, TRUE, TRUE, { 0 } },
};

static ChannelsLayer *
make_layer (FakeRedis *server, gboolean by_core)
{
  g_autofree char *url = fake_redis_get_url (server);
  g_autofree char *node_prefix = channels_node_prefix_new ();
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, "asgi");

  redis_settings_add_url (settings, url);

  return by_core ? channels_redis_layer_new (settings, FALSE)
                 : channels_redis_pubsub_layer_new (settings);
}

/* Whether a connection for commands is up: its scripts are loaded first. */
static gboolean
has_script (FakeRedis *server)
{
  for (guint i = 0; i < server->commands->len; i++)
    {
      const char *command = g_ptr_array_index (server->commands, i);

      if (g_str_has_prefix (command, "SCRIPT LOAD ") &&
          strstr (command, "return {n, taken") != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
test_answer (gconstpointer data)
{
  const Case *one = data;
  const FakeReply script[] = { { .verb = "EVALSHA", .reply = one->answer }, { .verb = NULL } };
  g_autoptr (FakeRedis) server = fake_redis_new (script);
  ChannelsLayer *layer = make_layer (server, one->by_core);
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("hello");
  LayerOutcome outcomes[N_EVENTS] = { 0 };

  g_test_summary ("An answer says of each event how many took it, or all have failed");

  channels_test_wait_until (has_script (server));
  for (guint i = 0; i < N_EVENTS; i++)
    channels_layer_send_to_group (layer, GROUP, event, NULL, layer_sent_cb, &outcomes[i]);

  for (guint i = 0; i < N_EVENTS; i++)
    {
      channels_test_wait_until (outcomes[i].n_calls == 1);
      if (one->is_refused)
        g_assert_error (outcomes[i].error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
      else
        g_assert_no_error (outcomes[i].error);
      if (!one->is_refused)
        g_assert_cmpuint (outcomes[i].remotes, ==, one->remotes[i]);
      layer_outcome_clear (&outcomes[i]);
    }
  g_object_unref (layer);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-answers/%s/%s",
                                               cases[i].by_core ? "core" : "pubsub", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_answer);
    }

  return g_test_run ();
}
