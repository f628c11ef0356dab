/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-hub.h"

#include "recorders.h"

#define PREFIX "specific.node1!"

static const char *const none[] = { NULL };
static const char *const room[] = { "room", NULL };
static const char *const room_and_hall[] = { "room", "hall", NULL };

typedef struct
{
  GString *journal;     /* (owned): what the layer, the members and the function were told */
  ChannelsLayer *layer; /* (owned): a RecordingLayer */
  ChannelsHub *hub;     /* (owned) */
  RecordingMember *ann; /* (owned) */
  ChannelsEvent *event; /* (owned) */
} Fixture;

static void
on_absence (const char *group, ChannelsEvent *event, ChannelsHubSource source, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append_printf (fixture->journal, "nobody in %s for %s from %s\n", group,
                          channels_event_get_event_type (event),
                          source == CHANNELS_HUB_SOURCE_HERE ? "here" : "elsewhere");
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->journal = g_string_new (NULL);
  fixture->layer = recording_layer_new (fixture->journal);
  fixture->hub = channels_hub_new (fixture->layer, PREFIX);
  fixture->ann = recording_member_new (fixture->journal, "ann");
  fixture->event = channels_event_new_chat_text ("hello");
  channels_hub_set_absence_func (fixture->hub, on_absence, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  /* Sends that nobody waits for end as well. */
  while (g_main_context_iteration (NULL, FALSE))
    ;

  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (fixture->ann);
  g_assert_finalize_object (RECORDING_LAYER (fixture->layer));
  channels_event_unref (fixture->event);
  g_string_free (fixture->journal, TRUE);
}

static void
assert_journal (Fixture *fixture, const char *expected)
{
  g_assert_cmpstr (fixture->journal->str, ==, expected);
  g_string_truncate (fixture->journal, 0);
}

static guint
send_event (Fixture *fixture)
{
  return channels_hub_send_to_group (fixture->hub, "room", fixture->event, NULL, NULL, NULL);
}

static void
test_hub_tells_of_absence (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The function has what nobody is here for, whoever sent it, and is no receiver");

  g_assert_cmpuint (send_event (fixture), ==, 0);
  channels_layer_emit_group_event (fixture->layer, "room", fixture->event);

  assert_journal (fixture, "nobody in room for chat_message from here\n"
                           "layer sends chat_message to room\n"
                           "nobody in room for chat_message from elsewhere\n");
}

static void
test_hub_absence_ends_with_a_member (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The function hears of nothing while somebody is here, and of all after that");

  channels_hub_join (fixture->hub, "room", CHANNELS_MEMBER (fixture->ann));
  g_assert_cmpuint (send_event (fixture), ==, 1);
  assert_journal (fixture, "layer joins room\nann gets chat_message by room\n"
                           "layer sends chat_message to room\n");

  channels_hub_leave (fixture->hub, "room", CHANNELS_MEMBER (fixture->ann));
  g_assert_cmpuint (send_event (fixture), ==, 0);
  assert_journal (fixture, "layer leaves room\nnobody in room for chat_message from here\n"
                           "layer sends chat_message to room\n");
}

static void
test_hub_absence_of_no_interest (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Without the function, what nobody is here for goes to the layer alone");

  channels_hub_set_absence_func (fixture->hub, NULL, NULL);
  send_event (fixture);

  assert_journal (fixture, "layer sends chat_message to room\n");
}

static void
count_group (const char *group, guint size, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_hub_watches (Fixture *fixture, gconstpointer unused)
{
  guint groups = 0;

  g_test_summary ("The layer joins what is watched, leaves what is no longer, and no group is the "
                  "node's for that");

  channels_hub_watch (fixture->hub, room_and_hall);
  assert_journal (fixture, "layer joins room\nlayer joins hall\n");
  channels_hub_list_groups (fixture->hub, count_group, &groups);
  g_assert_cmpuint (groups, ==, 0);

  channels_hub_watch (fixture->hub, room);
  assert_journal (fixture, "layer leaves hall\n");
  channels_hub_watch (fixture->hub, room);
  assert_journal (fixture, "");
  channels_hub_watch (fixture->hub, none);
  assert_journal (fixture, "layer leaves room\n");
}

static void
test_hub_watches_with_members (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The layer is in a group once, for its members and for who watches it");

  channels_hub_watch (fixture->hub, room);
  channels_hub_join (fixture->hub, "room", CHANNELS_MEMBER (fixture->ann));
  channels_hub_watch (fixture->hub, none);
  assert_journal (fixture, "layer joins room\n");

  channels_hub_watch (fixture->hub, room);
  channels_hub_leave (fixture->hub, "room", CHANNELS_MEMBER (fixture->ann));
  assert_journal (fixture, "");
}

static void
test_hub_watches_with_another_layer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GString) journal = g_string_new (NULL);
  g_autoptr (ChannelsLayer) next = recording_layer_new (journal);

  g_test_summary ("Another layer joins what is watched, once");

  channels_hub_watch (fixture->hub, room_and_hall);
  channels_hub_join (fixture->hub, "room", CHANNELS_MEMBER (fixture->ann));
  channels_hub_set_layer (fixture->hub, next);
  g_assert_cmpstr (journal->str, ==, "layer joins room\nlayer joins hall\n");

  /* Its journal goes before the hub does. */
  channels_hub_set_layer (fixture->hub, fixture->layer);
}

#define add(path, test) g_test_add ("/hub/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("absence/told", test_hub_tells_of_absence);
  add ("absence/ends", test_hub_absence_ends_with_a_member);
  add ("absence/of-no-interest", test_hub_absence_of_no_interest);
  add ("watch/alone", test_hub_watches);
  add ("watch/with-members", test_hub_watches_with_members);
  add ("watch/another-layer", test_hub_watches_with_another_layer);

  return g_test_run ();
}
