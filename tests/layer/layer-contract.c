/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "layer-contract.h"

#include "channels-error.h"
#include "channels-test-wait.h"

/* What every layer owes to the hub, whatever carries its events: the same tests for all of them.
 * Each is registered only for layers that have the nodes it needs. */

#define GROUP "chat_chat_room"
#define MANY 1000

typedef struct
{
  ChannelsLayer *layer; /* (owned): the node under test */
  ChannelsEvent *event; /* (owned) */
  guint group_events;   /* what the layer has brought */
  guint channel_events;
} Fixture;

/* A call that ends later, and how it ended. */
typedef struct
{
  guint calls;
  gboolean succeeded;
  guint remotes;
  GError *error; /* (owned) (nullable) */
} Pending;

static void
pending_clear (Pending *pending)
{
  g_clear_error (&pending->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pending, pending_clear)

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pending *pending = user_data;

  pending->calls++;
  pending->succeeded = channels_layer_send_finish (CHANNELS_LAYER (source), result,
                                                   &pending->remotes, &pending->error);
}

static void
sent_without_remotes_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pending *pending = user_data;

  pending->calls++;
  pending->succeeded =
      channels_layer_send_finish (CHANNELS_LAYER (source), result, NULL, &pending->error);
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pending *pending = user_data;

  pending->calls++;
  pending->succeeded =
      channels_layer_stop_finish (CHANNELS_LAYER (source), result, &pending->error);
}

static void
on_group_event (ChannelsLayer *layer, const char *group, ChannelsEvent *event, Fixture *fixture)
{
  fixture->group_events++;
}

static void
on_channel_event (ChannelsLayer *layer, const char *channel, ChannelsEvent *event, Fixture *fixture)
{
  fixture->channel_events++;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const LayerContractFactory *factory = data;

  fixture->layer = factory->new_node ();
  fixture->event = channels_event_new_chat_text ("hello");
  g_signal_connect (fixture->layer, "group-event", G_CALLBACK (on_group_event), fixture);
  g_signal_connect (fixture->layer, "channel-event", G_CALLBACK (on_channel_event), fixture);
  channels_test_wait_until (channels_layer_get_state (fixture->layer) == CHANNELS_LAYER_STATE_UP);
}

/* Stops the layer, and proves that it lets go of all it holds. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_auto (Pending) stop = { 0 };

  channels_layer_stop (fixture->layer, NULL, stopped_cb, &stop);
  g_assert_cmpuint (stop.calls, ==, 0);
  channels_test_wait_until (stop.calls > 0);
  g_assert_no_error (stop.error);
  g_assert_true (stop.succeeded);

  channels_event_unref (fixture->event);
  g_assert_finalize_object (G_OBJECT (fixture->layer));
}

/* When a later send has ended, what was sent before has gone where it goes. */
static void
settle (Fixture *fixture)
{
  g_auto (Pending) later = { 0 };

  channels_layer_send_to_group (fixture->layer, "settle", fixture->event, NULL, sent_cb, &later);
  channels_test_wait_until (later.calls > 0);
  g_assert_no_error (later.error);
}

static void
test_layer_has_its_name (Fixture *fixture, gconstpointer data)
{
  const LayerContractFactory *factory = data;

  g_test_summary ("A layer is called what the configuration calls it");

  g_assert_cmpstr (channels_layer_get_name (fixture->layer), ==, factory->name);
}

static void
test_layer_alone_reaches_nobody (Fixture *fixture, gconstpointer data)
{
  g_auto (Pending) send = { .remotes = 5 };

  g_test_summary ("A send of a node that is alone ends once, later, and has reached no other");

  channels_layer_send_to_group (fixture->layer, GROUP, fixture->event, NULL, sent_cb, &send);
  g_assert_cmpuint (send.calls, ==, 0);

  channels_test_wait_until (send.calls > 0);
  settle (fixture);
  g_assert_cmpuint (send.calls, ==, 1);
  g_assert_no_error (send.error);
  g_assert_true (send.succeeded);
  g_assert_cmpuint (send.remotes, ==, 0);
}

static void
test_layer_brings_nothing_back (Fixture *fixture, gconstpointer data)
{
  g_auto (Pending) send = { 0 };

  g_test_summary ("What a node sends to a group that it is in does not come back to it");

  channels_layer_join (fixture->layer, GROUP);
  channels_layer_send_to_group (fixture->layer, GROUP, fixture->event, NULL, sent_cb, &send);
  channels_test_wait_until (send.calls > 0);
  settle (fixture);

  g_assert_no_error (send.error);
  g_assert_cmpuint (send.remotes, ==, 0);
  g_assert_cmpuint (fixture->group_events, ==, 0);
  g_assert_cmpuint (fixture->channel_events, ==, 0);
}

static void
test_layer_takes_joins_and_leaves_in_turn (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("A group may be joined and left again and again, and many at the same time");

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *group = g_strdup_printf ("room-%u", i);

      channels_layer_join (fixture->layer, group);
      channels_layer_leave (fixture->layer, group);
      channels_layer_join (fixture->layer, group);
    }

  settle (fixture);
  g_assert_cmpint (channels_layer_get_state (fixture->layer), ==, CHANNELS_LAYER_STATE_UP);
}

static void
test_layer_nobody_needs_to_wait (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Events are sent without a callback just as with one");

  channels_layer_send_to_group (fixture->layer, GROUP, fixture->event, NULL, NULL, NULL);
  channels_layer_send_to_channel (fixture->layer, "specific.gone!abc", fixture->event, NULL, NULL,
                                  NULL);

  settle (fixture);
}

static void
test_layer_nobody_needs_to_count (Fixture *fixture, gconstpointer data)
{
  g_auto (Pending) send = { 0 };

  g_test_summary ("The number of other nodes need not be asked for");

  channels_layer_send_to_group (fixture->layer, GROUP, fixture->event, NULL,
                                sent_without_remotes_cb, &send);

  channels_test_wait_until (send.calls > 0);
  g_assert_no_error (send.error);
  g_assert_true (send.succeeded);
}

static void
test_layer_says_when_it_was_cancelled (Fixture *fixture, gconstpointer data)
{
  g_auto (Pending) send = { .remotes = 5 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_test_summary ("A send whose sender waits no more ends once, with an error, and counts nothing");

  g_cancellable_cancel (cancellable);
  channels_layer_send_to_group (fixture->layer, GROUP, fixture->event, cancellable, sent_cb, &send);

  channels_test_wait_until (send.calls > 0);
  settle (fixture);
  g_assert_cmpuint (send.calls, ==, 1);
  g_assert_error (send.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (send.remotes, ==, 5);
}

static void
test_layer_knows_no_channel_that_is_nobodys (Fixture *fixture, gconstpointer data)
{
  g_auto (Pending) send = { .remotes = 5 };

  g_test_summary ("A channel of no node is an error that is told once, later");

  channels_layer_send_to_channel (fixture->layer, "specific.gone!abc", fixture->event, NULL,
                                  sent_cb, &send);
  g_assert_cmpuint (send.calls, ==, 0);

  channels_test_wait_until (send.calls > 0);
  settle (fixture);
  g_assert_cmpuint (send.calls, ==, 1);
  g_assert_error (send.error, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL);
  g_assert_cmpuint (send.remotes, ==, 5);
}

static void
test_layer_stops_while_in_groups (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("A layer that is in groups, and has just sent, stops in an orderly way");

  channels_layer_join (fixture->layer, GROUP);
  channels_layer_send_to_group (fixture->layer, GROUP, fixture->event, NULL, NULL, NULL);
}

static void
add (const LayerContractFactory *factory,
     const char *name,
     guint nodes,
     void (*test) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *path = g_strdup_printf ("/layer/%s/%s", factory->name, name);

  if (nodes <= factory->max_nodes)
    g_test_add (path, Fixture, factory, set_up, test, tear_down);
}

/**
 * layer_contract_add_tests:
 * @factory: (transfer none): makes the layer; lives until the tests have run
 *
 * Registers every test that such a layer can be put to.
 */
void
layer_contract_add_tests (const LayerContractFactory *factory)
{
  add (factory, "name", 1, test_layer_has_its_name);
  add (factory, "alone", 1, test_layer_alone_reaches_nobody);
  add (factory, "nothing-back", 1, test_layer_brings_nothing_back);
  add (factory, "join-leave", 1, test_layer_takes_joins_and_leaves_in_turn);
  add (factory, "no-callback", 1, test_layer_nobody_needs_to_wait);
  add (factory, "no-count", 1, test_layer_nobody_needs_to_count);
  add (factory, "cancelled", 1, test_layer_says_when_it_was_cancelled);
  add (factory, "no-such-channel", 1, test_layer_knows_no_channel_that_is_nobodys);
  add (factory, "stop-in-groups", 1, test_layer_stops_while_in_groups);
}
