/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fixture.h"

#include "channels-bus-calls.h"
#include "channels-dbus.h"
#include "channels-names.h"

/* Where an object stands whose SendMany ends when the test wants it to, and whose ListMembers says
 * what has been asked of it. */
#define PATH "/test"

/* Calls that wait behind a long one, of which the bus lets one client have 128. */
#define CALLS 100

/* Calls of one client that may wait. */
#define WAITING_MAX 200

typedef struct
{
  BusFixture bus;
  ChannelsDBusChannels *skeleton; /* (owned) */
  ChannelsBusCalls *calls;        /* (owned) */
  gboolean begun;                 /* a SendMany is being handled */
  gboolean may_end;               /* it ends with its next step */
  GPtrArray *handled;             /* (element-type utf8) (owned): by each ListMembers */
} CallsFixture;

/* One call and what has come of it. */
typedef struct
{
  GDBusConnection *client; /* (unowned) */
  gboolean answered;
  GError *error; /* (owned) (nullable) */
} Answer;

static void
answer_clear (Answer *answer)
{
  g_clear_error (&answer->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static gboolean
on_skeleton_call (CallsFixture *fixture, GDBusMethodInvocation *invocation)
{
  return channels_bus_calls_add (fixture->calls, invocation) ? G_DBUS_METHOD_INVOCATION_UNHANDLED
                                                             : G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
end_when_it_may_cb (gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  CallsFixture *fixture = g_object_get_data (G_OBJECT (invocation), "fixture");

  if (!fixture->may_end)
    return TRUE;

  channels_dbus_channels_complete_send_many (fixture->skeleton, invocation, 0, 0);
  return FALSE;
}

static gboolean
on_skeleton_send_many (CallsFixture *fixture, GDBusMethodInvocation *invocation, GVariant *messages)
{
  g_object_set_data (G_OBJECT (invocation), "fixture", fixture);
  fixture->begun = TRUE;
  channels_bus_calls_run (fixture->calls, g_dbus_method_invocation_get_sender (invocation),
                          end_when_it_may_cb, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_list_members (CallsFixture *fixture,
                          GDBusMethodInvocation *invocation,
                          const char *group)
{
  g_ptr_array_add (fixture->handled, g_strdup (group));
  channels_dbus_channels_complete_list_members (fixture->skeleton, invocation,
                                                g_variant_new ("a(ssx)", NULL));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
set_up (CallsFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *const methods[] = { "handle-send-many", "handle-list-members" };
  const GCallback handlers[] = { G_CALLBACK (on_skeleton_send_many),
                                 G_CALLBACK (on_skeleton_list_members) };

  bus_fixture_set_up (&fixture->bus, data);
  fixture->handled = g_ptr_array_new_with_free_func (g_free);
  fixture->calls = channels_bus_calls_new (WAITING_MAX);
  fixture->skeleton = channels_dbus_channels_skeleton_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_signal_connect_swapped (fixture->skeleton, methods[i], G_CALLBACK (on_skeleton_call),
                                fixture);
      g_signal_connect_swapped (fixture->skeleton, methods[i], handlers[i], fixture);
    }
  g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (fixture->skeleton),
                                    fixture->bus.connection, PATH, &error);
  g_assert_no_error (error);
}

static void
tear_down (CallsFixture *fixture, gconstpointer data)
{
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (fixture->skeleton));
  g_assert_finalize_object (fixture->skeleton);
  g_clear_pointer (&fixture->calls, channels_bus_calls_unref);
  g_ptr_array_unref (fixture->handled);
  bus_fixture_tear_down (&fixture->bus, data);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &answer->error);

  g_assert_true ((reply == NULL) == (answer->error != NULL));
  answer->answered = TRUE;
}

/* Where @answer is `NULL` none is asked for. */
static void
call (CallsFixture *fixture,
      GDBusConnection *client,
      const char *method,
      GVariant *arguments,
      Answer *answer)
{
  g_dbus_connection_call (client, g_dbus_connection_get_unique_name (fixture->bus.connection), PATH,
                          CHANNELS_BUS_INTERFACE, method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE,
                          -1, NULL, answer != NULL ? answered_cb : NULL, answer);
}

static void
list (CallsFixture *fixture, GDBusConnection *client, const char *what, Answer *answer)
{
  call (fixture, client, "ListMembers", g_variant_new ("(s)", what), answer);
}

/* A call of the fixture's client that is being handled until the test lets it end. */
static void
begin_long_call (CallsFixture *fixture, Answer *answer)
{
  call (fixture, fixture->bus.client, "SendMany", bus_fixture_make_pairs ("group", 1), answer);
  channels_test_wait_until (fixture->begun);
}

static void
assert_done (Answer *answer)
{
  channels_test_wait_until (answer->answered);
  g_assert_no_error (answer->error);
}

static void
test_calls_leave_other_callers_theirs (CallsFixture *fixture, gconstpointer data)
{
  g_auto (Answer) long_call = { 0 };
  g_auto (Answer) behind = { 0 };
  g_auto (Answer) of_other = { 0 };
  GDBusConnection *other = bus_fixture_connect (&fixture->bus);

  g_test_summary ("A caller does not wait for what another has under way");

  begin_long_call (fixture, &long_call);
  list (fixture, fixture->bus.client, "behind", &behind);
  list (fixture, other, "other", &of_other);
  assert_done (&of_other);
  g_assert_cmpuint (fixture->handled->len, ==, 1);
  g_assert_false (long_call.answered);

  fixture->may_end = TRUE;
  assert_done (&behind);
  g_assert_true (long_call.answered);

  bus_fixture_disconnect (other);
  g_object_unref (other);
}

static void
test_calls_keep_the_order (CallsFixture *fixture, gconstpointer data)
{
  g_auto (Answer) long_call = { 0 };
  g_auto (Answer) last = { 0 };

  g_test_summary ("The calls of one caller are handled in their order");

  begin_long_call (fixture, &long_call);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      list (fixture, fixture->bus.client, text, NULL);
    }
  list (fixture, fixture->bus.client, "last", &last);
  fixture->may_end = TRUE;
  assert_done (&last);

  g_assert_cmpuint (fixture->handled->len, ==, CALLS + 1);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_assert_cmpstr (g_ptr_array_index (fixture->handled, i), ==, text);
    }
}

static void
test_calls_are_bounded (CallsFixture *fixture, gconstpointer data)
{
  g_auto (Answer) long_call = { 0 };
  g_auto (Answer) refused = { 0 };
  g_auto (Answer) of_other = { 0 };
  g_auto (Answer) last = { 0 };
  GDBusConnection *other = bus_fixture_connect (&fixture->bus);

  g_test_summary ("So many calls of one caller may wait, and no more; others may have theirs");

  begin_long_call (fixture, &long_call);
  for (guint i = 0; i < WAITING_MAX; i++)
    list (fixture, fixture->bus.client, "waits", NULL);
  list (fixture, fixture->bus.client, "refused", &refused);
  channels_test_wait_until (refused.answered);
  g_assert_error (refused.error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);

  list (fixture, other, "other", &of_other);
  assert_done (&of_other);

  fixture->may_end = TRUE;
  assert_done (&long_call);
  channels_test_wait_until (fixture->handled->len == 1 + WAITING_MAX);
  list (fixture, fixture->bus.client, "last", &last);
  assert_done (&last);
  g_assert_cmpuint (fixture->handled->len, ==, 2 + WAITING_MAX);

  bus_fixture_disconnect (other);
  g_object_unref (other);
}

static void
test_calls_count_while_they_wait (CallsFixture *fixture, gconstpointer data)
{
  g_auto (Answer) long_call = { 0 };
  g_auto (Answer) of_other = { 0 };
  GDBusConnection *other = bus_fixture_connect (&fixture->bus);

  g_test_summary ("Who has a call that waits uses the service");

  begin_long_call (fixture, &long_call);
  list (fixture, other, "other", &of_other);
  assert_done (&of_other);
  g_assert_cmpint (channels_bus_calls_get_last (fixture->calls), ==, G_MAXINT64);

  fixture->may_end = TRUE;
  assert_done (&long_call);
  g_assert_cmpint (channels_bus_calls_get_last (fixture->calls), <=, g_get_monotonic_time ());

  bus_fixture_disconnect (other);
  g_object_unref (other);
}

/* Waits until all that @client has sent is known to the service. */
static void
settle (CallsFixture *fixture, GDBusConnection *client)
{
  g_auto (Answer) settled = { 0 };

  g_dbus_connection_call (client, g_dbus_connection_get_unique_name (fixture->bus.connection), PATH,
                          "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", CHANNELS_BUS_INTERFACE, "Version"), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, answered_cb, &settled);
  channels_test_wait_until (settled.answered);
}

static void
test_calls_finish (CallsFixture *fixture, gconstpointer data)
{
  g_auto (Answer) long_call = { 0 };
  g_auto (Answer) behind = { 0 };

  g_test_summary ("All that waits is handled at once where it has to be");

  begin_long_call (fixture, &long_call);
  list (fixture, fixture->bus.client, "behind", &behind);
  settle (fixture, fixture->bus.client);
  g_assert_cmpuint (fixture->handled->len, ==, 0);

  fixture->may_end = TRUE;
  channels_bus_calls_finish (fixture->calls);
  g_assert_cmpuint (fixture->handled->len, ==, 1);
  assert_done (&long_call);
  assert_done (&behind);
}

static void
test_calls_refuse_what_comes (CallsFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) why = g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "no");
  g_auto (Answer) long_call = { 0 };
  g_auto (Answer) behind = { 0 };
  g_auto (Answer) refused = { 0 };

  g_test_summary ("A service that refuses calls handles those that wait already");

  begin_long_call (fixture, &long_call);
  list (fixture, fixture->bus.client, "behind", &behind);
  settle (fixture, fixture->bus.client);
  channels_bus_calls_refuse (fixture->calls, why);
  list (fixture, fixture->bus.client, "refused", &refused);
  channels_test_wait_until (refused.answered);
  g_assert_error (refused.error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED);

  fixture->may_end = TRUE;
  assert_done (&long_call);
  assert_done (&behind);
  g_assert_cmpuint (fixture->handled->len, ==, 1);
}

#define add(path, function)                                                                        \
  g_test_add ("/bus/calls/" path, CallsFixture, WITH_MEMORY_LAYER, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("others", test_calls_leave_other_callers_theirs);
  add ("order", test_calls_keep_the_order);
  add ("bounded", test_calls_are_bounded);
  add ("count", test_calls_count_while_they_wait);
  add ("finish", test_calls_finish);
  add ("refuse", test_calls_refuse_what_comes);

  return g_test_run ();
}
