/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fixture.h"

#include "channels-names.h"

#define GROUP "chat_chat_room"

/* Pairs of one call: they take many turns of the loop; and calls behind it, of which the bus lets
 * one client have 128. */
#define MANY 65536
#define CALLS 100

/* Turns that others have meanwhile, at the least. */
#define TURNS_MIN 5

/* How many answers have come, and none of them an error. */
static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (reply);
  (*(guint *) user_data)++;
}

static void
call (BusFixture *fixture, const char *method, GVariant *arguments, guint *n_answers)
{
  g_dbus_connection_call (fixture->client, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH,
                          CHANNELS_BUS_INTERFACE, method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE,
                          -1, NULL, answered_cb, n_answers);
}

static gboolean
count_turn_cb (gpointer user_data)
{
  (*(guint *) user_data)++;

  return G_SOURCE_CONTINUE;
}

/* The text of an event that the member has. */
static const char *
get_text (BusFixture *fixture, guint i)
{
  const char *text = NULL;

  g_assert_true (
      g_variant_lookup (fake_member_get_event (fixture->member, i), "message", "&s", &text));
  return text;
}

static void
test_turns_are_left_to_others (BusFixture *fixture, gconstpointer data)
{
  GPtrArray *events = fixture->member->events;
  guint n_answers = 0;
  guint n_turns = 0;
  guint source;

  g_test_summary ("While a call that is long is handled, others have their turns of the loop");

  bus_fixture_join_member (fixture, GROUP);
  call (fixture, "SendMany", bus_fixture_make_pairs (GROUP, MANY), &n_answers);
  channels_test_wait_until (events->len > 0);
  source = g_idle_add_full (G_PRIORITY_DEFAULT, count_turn_cb, &n_turns, NULL);
  channels_test_wait_until (events->len == MANY);
  g_source_remove (source);
  channels_test_wait_until (n_answers == 1);
  bus_fixture_leave_member (fixture, GROUP);

  g_assert_cmpuint (n_turns, >=, TURNS_MIN);
}

static void
test_turns_keep_the_order (BusFixture *fixture, gconstpointer data)
{
  guint n_answers = 0;

  g_test_summary ("What waits for its turn is handled in order, and all of it is answered");

  bus_fixture_join_member (fixture, GROUP);
  call (fixture, "SendMany", bus_fixture_make_pairs (GROUP, MANY), &n_answers);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      call (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, text), &n_answers);
    }
  call (fixture, "ListGroups", NULL, &n_answers);
  channels_test_wait_until (n_answers == CALLS + 2);
  bus_fixture_leave_member (fixture, GROUP);

  g_assert_cmpuint (fixture->member->events->len, ==, MANY + CALLS);
  g_assert_cmpstr (get_text (fixture, MANY - 1), ==, "many");
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_assert_cmpstr (get_text (fixture, MANY + i), ==, text);
    }
}

static void
test_turns_end_with_the_service (BusFixture *fixture, gconstpointer data)
{
  GPtrArray *events = fixture->member->events;
  guint n_answers = 0;

  g_test_summary ("What waits for its turn when the service leaves the bus is done and answered");

  bus_fixture_join_member (fixture, GROUP);
  call (fixture, "SendMany", bus_fixture_make_pairs (GROUP, MANY), &n_answers);
  channels_test_wait_until (events->len > 0);
  g_assert_cmpuint (events->len, <, MANY);
  channels_bus_service_unexport (fixture->service);
  g_assert_cmpuint (events->len, ==, MANY);
  channels_test_wait_until (n_answers == 1);
  bus_fixture_leave_member (fixture, GROUP);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  bus_fixture_add ("/bus/turns/others", WITH_MEMORY_LAYER, test_turns_are_left_to_others);
  bus_fixture_add ("/bus/turns/order", WITH_MEMORY_LAYER, test_turns_keep_the_order);
  bus_fixture_add ("/bus/turns/end", WITH_MEMORY_LAYER, test_turns_end_with_the_service);

  return g_test_run ();
}
