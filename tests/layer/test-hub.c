/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-hub.h"

#include "channels-error.h"
#include "channels-names.h"
#include "channels-test-wait.h"
#include "recorders.h"

#define PREFIX "specific.node1!"
#define ELSEWHERE "specific.node2!abc"

typedef struct
{
  GString *journal;     /* (owned): what the layer and the members were told */
  ChannelsLayer *layer; /* (owned): a RecordingLayer */
  ChannelsHub *hub;     /* (owned) */
  RecordingMember *ann; /* (owned) */
  RecordingMember *ben; /* (owned) */
  ChannelsEvent *event; /* (owned) */
} Fixture;

/* A send, and how it ended. */
typedef struct
{
  ChannelsHub *hub; /* (unowned) */
  guint calls;
  gboolean succeeded;
  guint remotes;
  GError *error; /* (owned) (nullable) */
} Sending;

static void
sending_clear (Sending *sending)
{
  g_clear_error (&sending->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sending, sending_clear)

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Sending *sending = user_data;

  sending->calls++;
  sending->succeeded =
      channels_hub_send_finish (sending->hub, result, &sending->remotes, &sending->error);
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->journal = g_string_new (NULL);
  fixture->layer = recording_layer_new (fixture->journal);
  fixture->hub = channels_hub_new (fixture->layer, PREFIX);
  fixture->ann = recording_member_new (fixture->journal, "ann");
  fixture->ben = recording_member_new (fixture->journal, "ben");
  fixture->event = channels_event_new_chat_text ("hello");
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  /* Sends that nobody waits for end as well. */
  while (g_main_context_iteration (NULL, FALSE))
    ;

  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (fixture->ann);
  g_assert_finalize_object (fixture->ben);
  g_assert_finalize_object (RECORDING_LAYER (fixture->layer));
  channels_event_unref (fixture->event);
  g_string_free (fixture->journal, TRUE);
}

static void
join (Fixture *fixture, const char *group, RecordingMember *member)
{
  channels_hub_join (fixture->hub, group, CHANNELS_MEMBER (member));
}

static void
leave (Fixture *fixture, const char *group, RecordingMember *member)
{
  channels_hub_leave (fixture->hub, group, CHANNELS_MEMBER (member));
}

/* Both in the room, and the journal empty. */
static void
fill_room (Fixture *fixture)
{
  join (fixture, "room", fixture->ann);
  join (fixture, "room", fixture->ben);
  g_string_truncate (fixture->journal, 0);
}

static void
assert_journal (Fixture *fixture, const char *expected)
{
  g_assert_cmpstr (fixture->journal->str, ==, expected);
  g_string_truncate (fixture->journal, 0);
}

static void
test_hub_layer_is_told_of_the_first_and_the_last (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The layer hears of a group's first member and of its last, and of no other");

  join (fixture, "room", fixture->ann);
  join (fixture, "room", fixture->ben);
  assert_journal (fixture, "layer joins room\n");

  leave (fixture, "room", fixture->ann);
  assert_journal (fixture, "");
  leave (fixture, "room", fixture->ben);
  assert_journal (fixture, "layer leaves room\n");
}

static void
test_hub_group_can_be_joined_again (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A group that was empty is joined in the layer anew, each group by itself");

  join (fixture, "room", fixture->ann);
  leave (fixture, "room", fixture->ann);
  join (fixture, "room", fixture->ann);
  join (fixture, "hall", fixture->ann);

  assert_journal (fixture,
                  "layer joins room\nlayer leaves room\nlayer joins room\nlayer joins hall\n");
}

static void
test_hub_leaving_where_one_is_not_does_nothing (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who is not in a group leaves it without a trace");

  join (fixture, "room", fixture->ann);
  g_string_truncate (fixture->journal, 0);

  leave (fixture, "room", fixture->ben);
  leave (fixture, "hall", fixture->ann);

  assert_journal (fixture, "");
  g_assert_cmpuint (
      channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, NULL, NULL), ==, 1);
}

static void
keep_name_cb (const char *group, guint size, gpointer user_data)
{
  *(const char **) user_data = group;
}

static void
test_hub_leave_takes_its_own_name_of_the_group (Fixture *fixture, gconstpointer unused)
{
  const char *name = NULL;

  g_test_summary ("A group may be left by the name that the hub itself keeps, and then frees");

  join (fixture, "room", fixture->ann);
  channels_hub_list_groups (fixture->hub, keep_name_cb, &name);
  leave (fixture, name, fixture->ann);

  assert_journal (fixture, "layer joins room\nlayer leaves room\n");
}

static void
test_hub_sends_here_first_then_elsewhere (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub };

  g_test_summary ("An event reaches members here before the call returns, then the layer, once");

  fill_room (fixture);
  RECORDING_LAYER (fixture->layer)->remotes = 7;
  channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, sent_cb, &sending);

  assert_journal (fixture, "ann gets chat_message by room\n"
                           "ben gets chat_message by room\n"
                           "layer sends chat_message to room\n");
  g_assert_cmpuint (sending.calls, ==, 0);
  channels_test_wait_until (sending.calls > 0);
  g_assert_no_error (sending.error);
  g_assert_cmpuint (sending.remotes, ==, 7);
}

static void
test_hub_receivers_are_channels_that_took_it (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Receivers are the channels that the members handed it to, added up");

  fill_room (fixture);
  fixture->ann->size = 0;
  fixture->ben->size = 41;

  g_assert_cmpuint (
      channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, NULL, NULL), ==, 41);
}

static void
test_hub_group_without_members_goes_to_the_layer (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A group that has nobody here is the layer's: it has members elsewhere perhaps");

  fill_room (fixture);

  g_assert_cmpuint (
      channels_hub_send_to_group (fixture->hub, "hall", fixture->event, NULL, NULL, NULL), ==, 0);
  assert_journal (fixture, "layer sends chat_message to hall\n");
}

static void
test_hub_layer_that_fails_keeps_nobody_here_from_it (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub, .remotes = 5 };

  g_test_summary ("While the layer is down members here have the event, and the sender an error");

  fill_room (fixture);
  RECORDING_LAYER (fixture->layer)->error = CHANNELS_ERROR_LAYER_UNAVAILABLE;

  g_assert_cmpuint (
      channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, sent_cb, &sending),
      ==, 2);
  channels_test_wait_until (sending.calls > 0);
  g_assert_false (sending.succeeded);
  g_assert_error (sending.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpuint (sending.remotes, ==, 5);
}

static void
test_hub_channel_here_is_not_the_layers (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub, .remotes = 5 };
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  g_test_summary ("An event for a channel of this node goes to its member, and not to the layer");

  g_assert_cmpuint (
      channels_hub_send_to_channel (fixture->hub, channel, fixture->event, NULL, sent_cb, &sending),
      ==, 1);

  assert_journal (fixture, "ann gets chat_message by channel\n");
  channels_test_wait_until (sending.calls > 0);
  g_assert_no_error (sending.error);
  g_assert_cmpuint (sending.remotes, ==, 0);
}

static void
test_hub_channel_that_drops_an_event_is_there (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub };
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  g_test_summary ("A channel that has no handler for an event does exist");

  fixture->ann->size = 0;

  g_assert_cmpuint (
      channels_hub_send_to_channel (fixture->hub, channel, fixture->event, NULL, sent_cb, &sending),
      ==, 0);
  channels_test_wait_until (sending.calls > 0);
  g_assert_no_error (sending.error);
}

static void
test_hub_channel_that_is_gone_is_nobodys (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub };
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  g_test_summary ("A channel of this node that was taken back is an error, not the layer's affair");

  channels_hub_remove_channel (fixture->hub, channel);

  g_assert_cmpuint (
      channels_hub_send_to_channel (fixture->hub, channel, fixture->event, NULL, sent_cb, &sending),
      ==, 0);
  channels_test_wait_until (sending.calls > 0);
  g_assert_error (sending.error, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL);
  assert_journal (fixture, "");
}

static void
test_hub_channel_elsewhere_is_the_layers (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub };

  g_test_summary ("An event for a channel of another node goes to the layer, whose word counts");

  RECORDING_LAYER (fixture->layer)->error = CHANNELS_ERROR_CHANNEL_FULL;

  g_assert_cmpuint (channels_hub_send_to_channel (fixture->hub, ELSEWHERE, fixture->event, NULL,
                                                  sent_cb, &sending),
                    ==, 0);
  assert_journal (fixture, "layer sends chat_message to " ELSEWHERE "\n");
  channels_test_wait_until (sending.calls > 0);
  g_assert_error (sending.error, CHANNELS_ERROR, CHANNELS_ERROR_CHANNEL_FULL);
}

static void
test_hub_nobody_needs_to_wait (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  g_test_summary ("Events are sent without a callback just as with one");

  channels_hub_send_to_channel (fixture->hub, channel, fixture->event, NULL, NULL, NULL);
  channels_hub_send_to_channel (fixture->hub, PREFIX "gone", fixture->event, NULL, NULL, NULL);
  channels_hub_send_to_channel (fixture->hub, ELSEWHERE, fixture->event, NULL, NULL, NULL);

  assert_journal (fixture, "ann gets chat_message by channel\n"
                           "layer sends chat_message to " ELSEWHERE "\n");
}

static void
test_hub_cancelling_stops_the_waiting_only (Fixture *fixture, gconstpointer unused)
{
  g_auto (Sending) sending = { .hub = fixture->hub };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  g_test_summary ("Who cancels is told so, but the event went its way");

  g_cancellable_cancel (cancellable);
  channels_hub_send_to_channel (fixture->hub, channel, fixture->event, cancellable, sent_cb,
                                &sending);

  channels_test_wait_until (sending.calls > 0);
  g_assert_error (sending.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_journal (fixture, "ann gets chat_message by channel\n");
}

static void
test_hub_channels_have_names_of_their_own (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *first = channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));
  g_autofree char *second = channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  g_test_summary ("Each channel has a valid name that is nobody else's and names its node");

  g_assert_true (channels_channel_name_validate (first, NULL));
  g_assert_true (g_str_has_prefix (first, PREFIX));
  g_assert_cmpstr (first, !=, second);
}

static void
note_group_cb (const char *group, guint size, gpointer user_data)
{
  g_hash_table_insert (user_data, g_strdup (group), GUINT_TO_POINTER (size));
}

static void
test_hub_lists_groups_with_their_sizes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GHashTable) sizes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_test_summary ("Groups that have members here are listed with the number of their channels");

  fill_room (fixture);
  join (fixture, "hall", fixture->ben);
  join (fixture, "past", fixture->ann);
  leave (fixture, "past", fixture->ann);
  fixture->ann->size = 3;
  channels_hub_list_groups (fixture->hub, note_group_cb, sizes);

  g_assert_cmpuint (g_hash_table_size (sizes), ==, 2);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (sizes, "room")), ==, 4);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (sizes, "hall")), ==, 1);
}

static void
test_hub_counts_what_is_sent (Fixture *fixture, gconstpointer unused)
{
  ChannelsHubCounts counts;

  g_test_summary ("A group knows what has been sent to it since it has members");

  fill_room (fixture);
  channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, NULL, NULL);
  fixture->ann->size = 3;
  channels_layer_emit_group_event (fixture->layer, "room", fixture->event);
  channels_hub_get_counts (fixture->hub, "room", &counts);
  g_assert_cmpuint (counts.events, ==, 2);
  g_assert_cmpuint (counts.deliveries, ==, 2 + 4);

  channels_hub_get_counts (fixture->hub, "hall", &counts);
  g_assert_cmpuint (counts.events + counts.deliveries, ==, 0);
  leave (fixture, "room", fixture->ann);
  leave (fixture, "room", fixture->ben);
  join (fixture, "room", fixture->ann);
  channels_hub_get_counts (fixture->hub, "room", &counts);
  g_assert_cmpuint (counts.events + counts.deliveries, ==, 0);
}

static void
note_member_cb (const char *channel, const char *kind, gint64 joined, gpointer user_data)
{
  g_string_append_printf (user_data, "%s %s %" G_GINT64_FORMAT "\n", channel, kind, joined);
}

static void
test_hub_lists_a_groups_channels (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Each channel in a group is listed once; a group that is empty has none");

  fill_room (fixture);
  fixture->ann->size = 2;

  channels_hub_list_members (fixture->hub, "room", note_member_cb, fixture->journal);
  assert_journal (fixture, "ann websocket 0\nann websocket 1\nben websocket 0\n");
  channels_hub_list_members (fixture->hub, "hall", note_member_cb, fixture->journal);
  assert_journal (fixture, "");
}

static void
test_hub_disconnects_by_channel (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));
  g_autoptr (GError) error = NULL;

  g_test_summary ("Whoever has a channel is closed with the code and the reason that were given");

  g_assert_true (channels_hub_disconnect (fixture->hub, channel, 4000, "enough", &error));
  g_assert_no_error (error);
  assert_journal (fixture, "ann is closed with 4000: enough\n");
}

static void
test_hub_disconnect_says_why_not (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) stays = NULL;

  g_test_summary ("A channel that is not here, or cannot be closed, is an error");

  fixture->ann->stays = TRUE;

  g_assert_false (channels_hub_disconnect (fixture->hub, ELSEWHERE, 1000, NULL, &unknown));
  g_assert_error (unknown, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL);
  g_assert_false (channels_hub_disconnect (fixture->hub, channel, 1000, NULL, &stays));
  g_assert_error (stays, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_hub_hands_on_what_the_layer_hears (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *channel = NULL;

  g_test_summary ("What the layer hears goes to members here, and never back to the layer");

  fill_room (fixture);
  channel = channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->ann));

  channels_layer_emit_group_event (fixture->layer, "room", fixture->event);
  assert_journal (fixture, "ann gets chat_message by room\nben gets chat_message by room\n");
  channels_layer_emit_channel_event (fixture->layer, channel, fixture->event);
  assert_journal (fixture, "ann gets chat_message by channel\n");
  channels_layer_emit_group_event (fixture->layer, "hall", fixture->event);
  channels_layer_emit_channel_event (fixture->layer, PREFIX "gone", fixture->event);
  assert_journal (fixture, "");
}

static void
test_hub_lets_go_of_who_has_left (Fixture *fixture, gconstpointer unused)
{
  RecordingMember *cleo = recording_member_new (fixture->journal, "cleo");
  g_autofree char *channel = channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (cleo));

  g_test_summary ("A member that has left its groups and given back its channels can go away");

  join (fixture, "room", cleo);
  join (fixture, "hall", cleo);
  leave (fixture, "room", cleo);
  leave (fixture, "hall", cleo);
  channels_hub_remove_channel (fixture->hub, channel);

  g_assert_finalize_object (cleo);
}

static void
test_hub_lets_go_when_it_ends (Fixture *fixture, gconstpointer unused)
{
  ChannelsHub *hub = channels_hub_new (fixture->layer, PREFIX);
  RecordingMember *cleo = recording_member_new (fixture->journal, "cleo");

  g_test_summary ("A hub that ends lets go of who is still in it, and hears the layer no more");

  g_free (channels_hub_add_channel (hub, CHANNELS_MEMBER (cleo)));
  channels_hub_join (hub, "room", CHANNELS_MEMBER (cleo));
  g_string_truncate (fixture->journal, 0);
  g_assert_finalize_object (hub);
  channels_layer_emit_group_event (fixture->layer, "room", fixture->event);

  assert_journal (fixture, "");
  g_assert_finalize_object (cleo);
}

static void
test_hub_changes_its_layer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GString) journal = g_string_new (NULL);
  g_autoptr (ChannelsLayer) next = recording_layer_new (journal);
  g_auto (Sending) before = { .hub = fixture->hub };

  g_test_summary ("Another layer joins every group, is heard in the place of the one before, and a "
                  "send of that one ends well");

  join (fixture, "room", fixture->ann);
  RECORDING_LAYER (fixture->layer)->remotes = 3;
  channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, sent_cb, &before);
  g_string_truncate (fixture->journal, 0);

  channels_hub_set_layer (fixture->hub, next);
  channels_test_wait_until (before.calls > 0);
  channels_layer_emit_group_event (fixture->layer, "room", fixture->event);
  assert_journal (fixture, "");
  channels_layer_emit_group_event (next, "room", fixture->event);
  assert_journal (fixture, "ann gets chat_message by room\n");
  leave (fixture, "room", fixture->ann);

  g_assert_true (before.succeeded);
  g_assert_cmpuint (before.remotes, ==, 3);
  g_assert_true (channels_hub_get_layer (fixture->hub) == next);
  g_assert_cmpstr (journal->str, ==, "layer joins room\nlayer leaves room\n");
  assert_journal (fixture, "");
  /* Its journal goes before the hub does. */
  channels_hub_set_layer (fixture->hub, fixture->layer);
}

#define add(path, test) g_test_add ("/hub/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("first-and-last", test_hub_layer_is_told_of_the_first_and_the_last);
  add ("join-again", test_hub_group_can_be_joined_again);
  add ("leave-unjoined", test_hub_leaving_where_one_is_not_does_nothing);
  add ("leave-own-name", test_hub_leave_takes_its_own_name_of_the_group);
  add ("group/here-then-elsewhere", test_hub_sends_here_first_then_elsewhere);
  add ("group/receivers", test_hub_receivers_are_channels_that_took_it);
  add ("group/nobody-here", test_hub_group_without_members_goes_to_the_layer);
  add ("group/layer-down", test_hub_layer_that_fails_keeps_nobody_here_from_it);
  add ("channel/here", test_hub_channel_here_is_not_the_layers);
  add ("channel/drops", test_hub_channel_that_drops_an_event_is_there);
  add ("channel/gone", test_hub_channel_that_is_gone_is_nobodys);
  add ("channel/elsewhere", test_hub_channel_elsewhere_is_the_layers);
  add ("channel/no-callback", test_hub_nobody_needs_to_wait);
  add ("channel/cancelled", test_hub_cancelling_stops_the_waiting_only);
  add ("channel/names", test_hub_channels_have_names_of_their_own);
  add ("list/groups", test_hub_lists_groups_with_their_sizes);
  add ("list/members", test_hub_lists_a_groups_channels);
  add ("counts", test_hub_counts_what_is_sent);
  add ("disconnect/closes", test_hub_disconnects_by_channel);
  add ("disconnect/errors", test_hub_disconnect_says_why_not);
  add ("layer/changes", test_hub_changes_its_layer);
  add ("layer-events", test_hub_hands_on_what_the_layer_hears);
  add ("references/member", test_hub_lets_go_of_who_has_left);
  add ("references/hub", test_hub_lets_go_when_it_ends);

  return g_test_run ();
}
