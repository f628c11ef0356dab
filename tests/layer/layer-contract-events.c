/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "layer-contract-cases.h"

#include "channels-test-wait.h"

/* What is carried: how much, in which order, and that it stays what it was. The first node sends,
 * the others hear. */

#define GROUP LAYER_CONTRACT_GROUP
#define MANY 1000
#define SOME 100
#define MEBIBYTE (1024 * 1024)
#define DEPTH 32

/* A node that sends one event after the other, numbered, until it is told to stop. */
typedef struct
{
  LayerNode *sender; /* (unowned) */
  guint n_sent;
  guint n_under_way;
  gboolean over;
} Flood;

static const LayerHeard *
get_heard (LayerNode *node, guint i)
{
  return g_ptr_array_index (node->heard, i);
}

/* The number that an event says. */
static guint
get_number (LayerNode *node, guint i)
{
  const char *text = NULL;

  g_assert_cmpstr (get_heard (node, i)->group, ==, GROUP);
  g_assert_true (g_variant_lookup (channels_event_get_variant (get_heard (node, i)->event),
                                   "message", "&s", &text));

  return (guint) g_ascii_strtoull (text, NULL, 10);
}

/* It heard all numbers from @first on, up to before @end, once and in order. */
static void
assert_numbers (LayerNode *node, guint first, guint end)
{
  g_assert_cmpuint (node->heard->len, ==, end - first);
  for (guint i = 0; i < node->heard->len; i++)
    g_assert_cmpuint (get_number (node, i), ==, first + i);
}

static void
join_all (LayerContract *contract)
{
  for (guint i = 0; i < contract->n_nodes; i++)
    channels_layer_join (contract->nodes[i]->layer, GROUP);
  layer_node_wait_for_remotes (contract->nodes[0], GROUP, contract->n_nodes - 1);
}

static void
test_thousand_events (LayerContract *contract)
{
  LayerOutcome sends[MANY] = { 0 };

  g_test_summary ("A thousand events at once reach every other node, each once and in order");

  join_all (contract);
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (ChannelsEvent) event = layer_contract_make_event (i);

      channels_layer_send_to_group (contract->nodes[0]->layer, GROUP, event, NULL, layer_sent_cb,
                                    &sends[i]);
    }
  for (guint i = 0; i < MANY; i++)
    {
      channels_test_wait_until (sends[i].n_calls > 0);
      g_assert_no_error (sends[i].error);
      g_assert_cmpuint (sends[i].remotes, ==, 2);
    }
  layer_contract_settle (contract);

  g_assert_cmpuint (contract->nodes[0]->heard->len, ==, 0);
  assert_numbers (contract->nodes[1], 0, MANY);
  assert_numbers (contract->nodes[2], 0, MANY);
}

#define ROUNDS 3

static void
test_by_turns (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];

  g_test_summary ("A node hears what another sends behind several events of its own");

  join_all (contract);
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autoptr (ChannelsEvent) event = layer_contract_make_event (round);
      g_auto (LayerOutcome) first = { 0 };
      g_auto (LayerOutcome) second = { 0 };

      channels_layer_send_to_group (sender->layer, GROUP, event, NULL, layer_sent_cb, &first);
      channels_layer_send_to_group (sender->layer, GROUP, event, NULL, layer_sent_cb, &second);
      channels_test_wait_until (first.n_calls + second.n_calls == 2);
      g_assert_cmpuint (layer_node_send (contract->nodes[1], GROUP, event), ==, 2);
      channels_test_wait_until (sender->heard->len > round);
    }

  assert_numbers (sender, 0, ROUNDS);
}

/* Values that stay what they are all the way: D-Bus' other types become the nearest of these. */
static const char *const values[] = {
  "int64 -9223372036854775808",
  "int64 -1",
  "int64 0",
  "int64 9223372036854775807",
  "uint64 9223372036854775808",
  "uint64 18446744073709551615",
  "1.5",
  "3.0",
  "-0.0",
  "1.7976931348623157e+308",
  "2.2250738585072014e-308",
  "inf",
  "-inf",
  "nan",
  "true",
  "false",
  "signature ''",
  "''",
  "'héllo 你好 \360\237\230\200 \"\\\\\\n'",
  "@ay []",
  "[byte 0x00, 0xff, 0xc3]",
  "@av []",
  "[<int64 1>, <signature ''>, <true>, <'x'>, <@av []>]",
  "@a{sv} {}",
  "{'deep': <{'deeper': <[<{'deepest': <[byte 0x80]>}>]>}>}",
};

static ChannelsEvent *
make_event_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);
  GVariantDict dictionary;
  ChannelsEvent *event;

  g_assert_no_error (error);
  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "type", "s", "a.b.c");
  g_variant_dict_insert_value (&dictionary, "ключ", value);
  g_variant_unref (value);
  event = channels_event_new_from_variant (g_variant_dict_end (&dictionary), DEPTH, &error);
  g_assert_no_error (error);

  return event;
}

static void
test_values (LayerContract *contract)
{
  g_test_summary ("An event arrives as it was sent, whatever is in it");

  join_all (contract);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (ChannelsEvent) event = make_event_of (values[i]);

      g_assert_cmpuint (layer_node_send (contract->nodes[0], GROUP, event), ==, 1);
      channels_test_wait_until (contract->nodes[1]->heard->len == i + 1);
      g_assert_cmpvariant (channels_event_get_variant (get_heard (contract->nodes[1], i)->event),
                           channels_event_get_variant (event));
    }

  layer_contract_settle (contract);
  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, G_N_ELEMENTS (values));
}

static void
test_large_event (LayerContract *contract)
{
  g_autofree char *text = g_strnfill (MEBIBYTE, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

  g_test_summary ("A mebibyte passes, and what is sent behind it comes behind it");

  join_all (contract);
  g_assert_cmpuint (layer_node_send (contract->nodes[0], GROUP, event), ==, 1);
  g_assert_cmpuint (layer_node_send (contract->nodes[0], GROUP, contract->event), ==, 1);
  channels_test_wait_until (contract->nodes[1]->heard->len == 2);
  layer_contract_settle (contract);

  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, 2);
  g_assert_cmpvariant (channels_event_get_variant (get_heard (contract->nodes[1], 0)->event),
                       channels_event_get_variant (event));
  g_assert_cmpvariant (channels_event_get_variant (get_heard (contract->nodes[1], 1)->event),
                       channels_event_get_variant (contract->event));
}

static void
test_cancelled_in_flight (LayerContract *contract)
{
  g_auto (LayerOutcome) cancelled = { .remotes = 5 };
  g_auto (LayerOutcome) ended = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) late = g_cancellable_new ();
  g_autoptr (ChannelsEvent) first = layer_contract_make_event (0);
  g_autoptr (ChannelsEvent) second = layer_contract_make_event (1);
  ChannelsLayer *layer = contract->nodes[0]->layer;

  g_test_summary ("Who cancels a send waits no more; the event arrives, and those behind it");

  join_all (contract);
  channels_layer_send_to_group (layer, GROUP, first, cancellable, layer_sent_cb, &cancelled);
  channels_layer_send_to_group (layer, GROUP, second, late, layer_sent_cb, &ended);
  g_cancellable_cancel (cancellable);
  channels_test_wait_until (cancelled.n_calls > 0 && ended.n_calls > 0);
  g_cancellable_cancel (late);
  layer_contract_settle (contract);

  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (cancelled.remotes, ==, 5);
  g_assert_no_error (ended.error);
  g_assert_cmpuint (ended.remotes, ==, 1);
  assert_numbers (contract->nodes[1], 0, 2);
}

static void flood_send (Flood *self);

static void
flood_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flood *self = user_data;
  g_autoptr (GError) error = NULL;

  channels_layer_send_finish (CHANNELS_LAYER (source), result, NULL, &error);
  g_assert_no_error (error);
  self->n_under_way--;
  if (!self->over)
    flood_send (self);
}

static void
flood_send (Flood *self)
{
  g_autoptr (ChannelsEvent) event = layer_contract_make_event (self->n_sent++);

  self->n_under_way++;
  channels_layer_send_to_group (self->sender->layer, GROUP, event, NULL, flood_cb, self);
}

static void
test_joins_amid_a_flood (LayerContract *contract)
{
  Flood flood = { .sender = contract->nodes[0] };
  LayerNode *member = contract->nodes[1];
  LayerNode *newcomer = contract->nodes[2];

  g_test_summary ("Who joins amid a flood hears all of it from some event on");

  channels_layer_join (member->layer, GROUP);
  layer_node_wait_for_remotes (contract->nodes[0], GROUP, 1);
  while (flood.n_sent < SOME)
    flood_send (&flood);
  channels_test_wait_until (member->heard->len >= SOME);
  channels_layer_join (newcomer->layer, GROUP);
  channels_test_wait_until (newcomer->heard->len >= SOME);
  flood.over = TRUE;
  channels_test_wait_until (flood.n_under_way == 0);
  layer_contract_settle (contract);

  assert_numbers (member, 0, flood.n_sent);
  assert_numbers (newcomer, get_number (newcomer, 0), flood.n_sent);
}

const LayerContractCase layer_contract_events[] = {
  { "thousand-events", 3, test_thousand_events, LAYER_CONTRACT_ALL },
  { "by-turns", 3, test_by_turns, LAYER_CONTRACT_ALL },
  { "values", 2, test_values, LAYER_CONTRACT_ALL },
  { "mebibyte", 2, test_large_event, LAYER_CONTRACT_ALL },
  { "cancelled-in-flight", 2, test_cancelled_in_flight, LAYER_CONTRACT_ALL },
  { "flood", 3, test_joins_amid_a_flood, LAYER_CONTRACT_ALL },
  { .name = NULL },
};
