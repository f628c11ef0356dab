/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fixture.h"

#include "channels-bus-gate.h"
#include "channels-error.h"
#include "channels-names.h"

#define GROUP "chat_chat_room"

static char *
make_name (gsize length)
{
  return g_strnfill (length, 'a');
}

static GVariant *
make_event_of_size (gsize size)
{
  g_autoptr (GVariant) event = bus_fixture_make_event (size);

  return g_variant_new ("(s@a{sv})", GROUP, event);
}

static void
test_send_text_reaches_the_group (BusFixture *fixture, gconstpointer data)
{
  GVariant *event;
  const char *type = NULL;
  const char *message = NULL;

  g_test_summary ("SendToGroup sends a chat message and counts who got it");

  bus_fixture_join_member (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "你好"), 1, 0);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", "empty", "hello"), 0, 0);
  bus_fixture_leave_member (fixture, GROUP);

  g_assert_cmpuint (fixture->member->events->len, ==, 1);
  event = fake_member_get_event (fixture->member, 0);
  g_assert_true (g_variant_lookup (event, "type", "&s", &type));
  g_assert_true (g_variant_lookup (event, "message", "&s", &message));
  g_assert_cmpstr (type, ==, "chat_message");
  g_assert_cmpstr (message, ==, "你好");
}

static void
test_send_event_reaches_the_group (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) event = NULL;

  g_test_summary ("SendEventToGroup sends any event, all values of JSON in it");

  event = g_variant_ref_sink (g_variant_new_parsed (
      "{'type': <'news.flash'>, 'null': <signature ''>, 'array': <[<int64 1>, <'two'>]>,"
      " 'object': <{'deep': <true>}>, 'big': <uint64 18446744073709551615>, 'pi': <3.14>}"));
  bus_fixture_join_member (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendEventToGroup", g_variant_new ("(s@a{sv})", GROUP, event),
                           1, 0);
  bus_fixture_leave_member (fixture, GROUP);

  g_assert_cmpuint (fixture->member->events->len, ==, 1);
  g_assert_cmpvariant (fake_member_get_event (fixture->member, 0), event);
}

static void
test_send_counts_other_nodes (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("What the layer hands to other nodes is counted in remotes");

  fixture->fake_layer->remotes = 3;
  bus_fixture_join_member (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "hello"), 1, 3);
  bus_fixture_assert_sent (fixture, "SendToChannel",
                           g_variant_new_parsed ("('other.node!x', {'type': <'chat_message'>})"), 0,
                           3);
  bus_fixture_leave_member (fixture, GROUP);
}

static void
test_send_without_layer_reaches_who_is_here (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("While the layer is down a send fails only where nobody is here");

  fixture->fake_layer->error = CHANNELS_ERROR_LAYER_UNAVAILABLE;
  bus_fixture_join_member (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "hello"), 1, 0);
  bus_fixture_assert_fails (fixture, "SendToGroup", g_variant_new ("(ss)", "empty", "hello"),
                            "LayerUnavailable");
  bus_fixture_assert_fails (fixture, "SendMany",
                            g_variant_new_parsed ("([('empty', 'a'), ('void', 'b')],)"),
                            "LayerUnavailable");
  bus_fixture_assert_fails (fixture, "SendToChannel",
                            g_variant_new_parsed ("('other.node!x', {'type': <'chat_message'>})"),
                            "LayerUnavailable");
  bus_fixture_leave_member (fixture, GROUP);
}

static void
test_send_passes_the_layers_errors (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("An error of the layer other than its absence is the caller's, members or not");

  bus_fixture_join_member (fixture, GROUP);
  fixture->fake_layer->error = CHANNELS_ERROR_MESSAGE_TOO_BIG;
  bus_fixture_assert_fails (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "hello"),
                            "MessageTooBig");
  fixture->fake_layer->error = CHANNELS_ERROR_CHANNEL_FULL;
  bus_fixture_assert_fails (fixture, "SendToChannel",
                            g_variant_new_parsed ("('other.node!x', {'type': <'chat_message'>})"),
                            "ChannelFull");
  bus_fixture_leave_member (fixture, GROUP);
}

static void
test_send_checks_names (BusFixture *fixture, gconstpointer data)
{
  static const char *const bad_names[] = { "", "room 1", "räume", "a!b", "room\n" };
  g_autofree char *longest = make_name (CHANNELS_NAME_MAX);
  g_autofree char *too_long = make_name (CHANNELS_NAME_MAX + 1);

  g_test_summary ("A group's name has 1 to 99 bytes, of the right characters");

  for (gsize i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "type", "s", "chat_message");
      bus_fixture_assert_fails (fixture, "SendToGroup", g_variant_new ("(ss)", bad_names[i], "x"),
                                "InvalidName");
      bus_fixture_assert_fails (
          fixture, "SendEventToGroup",
          g_variant_new ("(s@a{sv})", bad_names[i], g_variant_dict_end (&dict)), "InvalidName");
    }

  bus_fixture_assert_fails (fixture, "SendToGroup", g_variant_new ("(ss)", too_long, "x"),
                            "InvalidName");
  bus_fixture_assert_fails (fixture, "SendToChannel",
                            g_variant_new_parsed ("('a!b!c', {'type': <'x'>})"), "InvalidName");
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", longest, "x"), 0, 0);
}

static void
test_send_checks_types (BusFixture *fixture, gconstpointer data)
{
  static const char *const bad_events[] = {
    "@a{sv} {}",
    "{'message': <'no type'>}",
    "{'type': <int64 1>}",
    "{'type': <''>}",
    "{'type': <'websocket.receive'>}",
    "{'type': <'http.request'>}",
    "{'type': <'_x'>}",
    "{'type': <'chat_message'>, 'handle': <handle 0>}",
  };

  g_test_summary ("An event has a type that is a string and not reserved");

  bus_fixture_join_member (fixture, GROUP);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_events); i++)
    {
      g_autoptr (GVariant) event = g_variant_ref_sink (g_variant_new_parsed (bad_events[i]));

      bus_fixture_assert_fails (fixture, "SendEventToGroup",
                                g_variant_new ("(s@a{sv})", GROUP, event), "InvalidEvent");
      bus_fixture_assert_fails (fixture, "SendToChannel",
                                g_variant_new ("(s@a{sv})", fixture->member->channel, event),
                                "InvalidEvent");
    }
  bus_fixture_leave_member (fixture, GROUP);

  g_assert_cmpuint (fixture->member->events->len, ==, 0);
}

static void
test_send_checks_sizes (BusFixture *fixture, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (EVENT_SIZE, 'x');
  g_autofree char *too_long = g_strnfill (EVENT_SIZE + 1, 'x');

  g_test_summary ("A text and an event have EventSize bytes, and not one more");

  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, longest), 0, 0);
  bus_fixture_assert_fails (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, too_long),
                            "MessageTooBig");
  bus_fixture_assert_sent (fixture, "SendEventToGroup", make_event_of_size (EVENT_SIZE), 0, 0);
  bus_fixture_assert_fails (fixture, "SendEventToGroup", make_event_of_size (EVENT_SIZE + 1),
                            "MessageTooBig");
}

static void
test_send_to_channel_reaches_it_alone (BusFixture *fixture, gconstpointer data)
{
  g_autofree char *nobody = g_strconcat (fixture->member->channel, "x", NULL);

  g_test_summary ("SendToChannel reaches one channel, and says so where nobody has it");

  bus_fixture_assert_sent (
      fixture, "SendToChannel",
      g_variant_new ("(s@a{sv})", fixture->member->channel,
                     g_variant_new_parsed ("{'type': <'chat_message'>, 'message': <'psst'>}")),
      1, 0);
  g_assert_cmpuint (fixture->member->events->len, ==, 1);

  bus_fixture_assert_fails (
      fixture, "SendToChannel",
      g_variant_new ("(s@a{sv})", nobody, g_variant_new_parsed ("{'type': <'x'>}")),
      "NoSuchChannel");
  bus_fixture_assert_fails (fixture, "SendToChannel",
                            g_variant_new_parsed ("('elsewhere!x', {'type': <'x'>})"),
                            "NoSuchChannel");
}

static void
test_send_many_keeps_order (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) reply = NULL;
  guint64 receivers;
  guint64 remotes;

  g_test_summary ("SendMany sends all, in order, and sums up");

  fixture->fake_layer->remotes = 2;
  bus_fixture_join_member (fixture, GROUP);
  reply = bus_fixture_call (
      fixture, "SendMany",
      g_variant_new_parsed ("([(%s, 'a'), ('empty', 'b'), (%s, 'c')],)", GROUP, GROUP));
  bus_fixture_leave_member (fixture, GROUP);

  g_variant_get (reply, "(tt)", &receivers, &remotes);
  g_assert_cmpuint (receivers, ==, 2);
  g_assert_cmpuint (remotes, ==, 6);
  g_assert_cmpuint (fixture->member->events->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const char *message = NULL;

      g_variant_lookup (fake_member_get_event (fixture->member, i), "message", "&s", &message);
      g_assert_cmpstr (message, ==, i == 0 ? "a" : "c");
    }
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  *(GVariant **) user_data =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_assert_no_error (error);
}

static void
test_send_waits_for_who_is_busy (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) reply = NULL;

  g_test_summary ("A flood's call is answered when its group is ready for more, others at once");

  bus_fixture_join_member (fixture, GROUP);
  fixture->member->busy = TRUE;
  g_dbus_connection_call (fixture->client, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH,
                          CHANNELS_BUS_INTERFACE, "SendMany",
                          g_variant_new_parsed ("([(%s, 'a'), (%s, 'b')],)", GROUP, GROUP), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, answered_cb, &reply);
  channels_test_wait_until (fixture->member->asking->len == 2);

  /* The bus keeps the order: an answer to the call before would be here by now. */
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", "another", "x"), 0, 0);
  g_assert_null (reply);
  g_assert_cmpuint (fixture->member->events->len, ==, 2);

  fake_member_be_ready (fixture->member);
  channels_test_wait_until (reply != NULL);
  bus_fixture_leave_member (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "x"), 0, 0);
}

static void
test_send_many_is_all_or_none (BusFixture *fixture, gconstpointer data)
{
  g_autofree char *too_long = g_strnfill (EVENT_SIZE + 1, 'x');

  g_test_summary ("SendMany sends nothing where one of its texts may not be sent");

  bus_fixture_join_member (fixture, GROUP);
  bus_fixture_assert_fails (fixture, "SendMany",
                            g_variant_new_parsed ("([(%s, 'a'), ('b c', 'b')],)", GROUP),
                            "InvalidName");
  bus_fixture_assert_fails (
      fixture, "SendMany",
      g_variant_new_parsed ("([(%s, 'a'), (%s, %s)],)", GROUP, GROUP, too_long), "MessageTooBig");
  bus_fixture_leave_member (fixture, GROUP);

  g_assert_cmpuint (fixture->member->events->len, ==, 0);
}

static void
test_send_many_takes_65536 (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) most = NULL;
  guint64 receivers;

  g_test_summary ("SendMany takes 65,536 pairs, or none at all, and not one more");

  bus_fixture_join_member (fixture, GROUP);
  bus_fixture_assert_done (fixture, "SendMany", bus_fixture_make_pairs (GROUP, 0));
  bus_fixture_assert_fails (fixture, "SendMany", bus_fixture_make_pairs (GROUP, 65537),
                            "MessageTooBig");
  g_assert_cmpuint (fixture->member->events->len, ==, 0);

  most = bus_fixture_call (fixture, "SendMany", bus_fixture_make_pairs (GROUP, 65536));
  bus_fixture_leave_member (fixture, GROUP);

  g_variant_get (most, "(tt)", &receivers, NULL);
  g_assert_cmpuint (receivers, ==, 65536);
  g_assert_cmpuint (fixture->member->events->len, ==, 65536);
}

static void
count_reply_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  gboolean *refused = user_data;

  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG);
  *refused = TRUE;
}

static void
test_send_20_mib_is_refused (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GDBusConnection) other = bus_fixture_connect (fixture);
  g_autofree char *text = g_strnfill (20 * 1024 * 1024, 'x');
  gboolean refused = FALSE;

  g_test_summary ("20 MiB are answered with MessageTooBig, and others are served meanwhile");

  g_dbus_connection_call (other, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, CHANNELS_BUS_INTERFACE,
                          "SendToGroup", g_variant_new ("(ss)", GROUP, text), NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, count_reply_cb, &refused);
  bus_fixture_assert_done (fixture, "ListGroups", NULL);
  channels_test_wait_until (refused);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "x"), 0, 0);

  bus_fixture_disconnect (other);
}

/* Calls with as many bytes of arguments, and expects an error. A string and its NUL are all of the
 * arguments of ListMembers; those of SendToGroup have an empty name as well. */
static void
assert_fails_with (BusFixture *fixture, const char *method, gsize size, const char *error)
{
  gboolean sends = g_str_equal (method, "SendToGroup");
  g_autofree char *text = NULL;
  GVariant *arguments;

  /* The name's NUL, the text's, and where the name ends, in 2 bytes or 4. */
  text = g_strnfill (size - (sends ? 2 + (size > G_MAXUINT16 ? 4 : 2) : 1), 'x');
  arguments = sends ? g_variant_new ("(ss)", "", text) : g_variant_new ("(s)", text);
  g_assert_cmpuint (g_variant_get_size (arguments), ==, size);

  bus_fixture_assert_fails (fixture, method, arguments, error);
}

static void
assert_gate_at (BusFixture *fixture, gsize event_size)
{
  gsize send = event_size + CHANNELS_BUS_GATE_ROOM;
  gsize other = event_size + CHANNELS_BUS_GATE_ROOM_OTHERS;

  assert_fails_with (fixture, "SendToGroup", send, "InvalidName");
  assert_fails_with (fixture, "SendToGroup", send + 1, "MessageTooBig");
  assert_fails_with (fixture, "ListMembers", other, "InvalidName");
  assert_fails_with (fixture, "ListMembers", other + 1, "MessageTooBig");
}

static void
test_send_huge_arguments_come_no_further (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("Arguments past EventSize and 4 KiB, or 16 where no event is sent, are refused");

  assert_gate_at (fixture, fixture->limits.value[CHANNELS_LIMIT_EVENT_SIZE]);
}

static void
test_send_gate_goes_by_the_limits (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("Another EventSize holds from the next call on, be it less or more");

  for (gsize event_size = 1024; event_size <= 131072; event_size *= 128)
    {
      fixture->limits.value[CHANNELS_LIMIT_EVENT_SIZE] = event_size;
      channels_bus_service_set_limits (fixture->service, &fixture->limits);
      assert_gate_at (fixture, event_size);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  bus_fixture_add ("/bus/send/text-reaches-the-group", WITH_MEMORY_LAYER,
                   test_send_text_reaches_the_group);
  bus_fixture_add ("/bus/send/event-reaches-the-group", WITH_MEMORY_LAYER,
                   test_send_event_reaches_the_group);
  bus_fixture_add ("/bus/send/counts-other-nodes", WITH_FAKE_LAYER, test_send_counts_other_nodes);
  bus_fixture_add ("/bus/send/without-layer-reaches-who-is-here", WITH_FAKE_LAYER,
                   test_send_without_layer_reaches_who_is_here);
  bus_fixture_add ("/bus/send/passes-the-layers-errors", WITH_FAKE_LAYER,
                   test_send_passes_the_layers_errors);
  bus_fixture_add ("/bus/send/checks-names", WITH_MEMORY_LAYER, test_send_checks_names);
  bus_fixture_add ("/bus/send/checks-types", WITH_MEMORY_LAYER, test_send_checks_types);
  bus_fixture_add ("/bus/send/checks-sizes", WITH_MEMORY_LAYER, test_send_checks_sizes);
  bus_fixture_add ("/bus/send/to-channel-reaches-it-alone", WITH_MEMORY_LAYER,
                   test_send_to_channel_reaches_it_alone);
  bus_fixture_add ("/bus/send/many-keeps-order", WITH_FAKE_LAYER, test_send_many_keeps_order);
  bus_fixture_add ("/bus/send/waits-for-who-is-busy", WITH_MEMORY_LAYER,
                   test_send_waits_for_who_is_busy);
  bus_fixture_add ("/bus/send/many-is-all-or-none", WITH_MEMORY_LAYER,
                   test_send_many_is_all_or_none);
  bus_fixture_add ("/bus/send/many-takes-65536", WITH_MEMORY_LAYER, test_send_many_takes_65536);
  bus_fixture_add ("/bus/send/huge-arguments-come-no-further", WITH_MEMORY_LAYER,
                   test_send_huge_arguments_come_no_further);
  bus_fixture_add ("/bus/send/gate-goes-by-the-limits", WITH_MEMORY_LAYER,
                   test_send_gate_goes_by_the_limits);
  bus_fixture_add ("/bus/send/20-mib-is-refused", WITH_MEMORY_LAYER, test_send_20_mib_is_refused);

  return g_test_run ();
}
