/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-hub.h"

#include "recorders.h"

typedef struct
{
  GString *journal;     /* (owned): what the layer was told */
  ChannelsLayer *layer; /* (owned): a RecordingLayer */
  ChannelsHub *hub;     /* (owned) */
  RecordingMember *ann; /* (owned): in chat_a */
  RecordingMember *ben; /* (owned): in chat_a and chat_b */
  ChannelsEvent *event; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->journal = g_string_new (NULL);
  fixture->layer = recording_layer_new (fixture->journal);
  fixture->hub = channels_hub_new (fixture->layer, "specific.node1!");
  fixture->ann = recording_member_new (fixture->journal, "ann");
  fixture->ben = recording_member_new (fixture->journal, "ben");
  fixture->event = channels_event_new_chat_text ("hello");
  channels_hub_join (fixture->hub, "chat_a", CHANNELS_MEMBER (fixture->ann));
  channels_hub_join (fixture->hub, "chat_a", CHANNELS_MEMBER (fixture->ben));
  channels_hub_join (fixture->hub, "chat_b", CHANNELS_MEMBER (fixture->ben));
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
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
hear (Fixture *fixture, const char *group)
{
  channels_layer_emit_group_event (fixture->layer, group, fixture->event);
}

/* What the layer was told of holding, since it was asked last. */
static void
assert_told (Fixture *fixture, const char *expected)
{
  g_auto (GStrv) lines = g_strsplit (fixture->journal->str, "\n", -1);
  g_autoptr (GString) told = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_equal (lines[i], "layer waits") || g_str_equal (lines[i], "layer goes on"))
        g_string_append_printf (told, "%s; ", lines[i] + strlen ("layer "));
    }

  g_assert_cmpstr (told->str, ==, expected);
  g_string_truncate (fixture->journal, 0);
}

static void
test_hub_holds_its_layer (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The layer waits while a member is not ready for what it brought, told once");

  hear (fixture, "chat_a");
  assert_told (fixture, "");
  fixture->ann->busy = TRUE;
  hear (fixture, "chat_b");
  assert_told (fixture, "");
  hear (fixture, "chat_a");
  assert_told (fixture, "waits; ");
  hear (fixture, "chat_a");
  assert_told (fixture, "");
  recording_member_become_ready (fixture->ann);
  assert_told (fixture, "goes on; ");
  hear (fixture, "chat_a");
  assert_told (fixture, "");
}

static void
test_hub_waits_for_all_members (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Where several members are not ready the layer waits for the last of them");

  fixture->ann->busy = TRUE;
  fixture->ben->busy = TRUE;
  hear (fixture, "chat_a");
  recording_member_become_ready (fixture->ann);
  assert_told (fixture, "waits; ");
  recording_member_become_ready (fixture->ben);
  assert_told (fixture, "goes on; ");
}

static void
test_hub_holds_nothing_for_its_own (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who sends from here is asked to wait, and not the layer");

  fixture->ann->busy = TRUE;
  channels_hub_send_to_group (fixture->hub, "chat_a", fixture->event, NULL, NULL, NULL);

  assert_told (fixture, "");
}

static void
test_hub_holds_the_next_layer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsLayer) next = recording_layer_new (fixture->journal);

  g_test_summary ("A layer that comes while a member is not ready waits as well");

  fixture->ann->busy = TRUE;
  hear (fixture, "chat_a");
  assert_told (fixture, "waits; ");
  channels_hub_set_layer (fixture->hub, next);
  assert_told (fixture, "waits; ");
  recording_member_become_ready (fixture->ann);
  assert_told (fixture, "goes on; ");
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer unused))
{
  g_autofree char *full = g_strconcat ("/hub/hold/", path, NULL);

  g_test_add (full, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("once", test_hub_holds_its_layer);
  add ("all", test_hub_waits_for_all_members);
  add ("own", test_hub_holds_nothing_for_its_own);
  add ("next", test_hub_holds_the_next_layer);

  return g_test_run ();
}
