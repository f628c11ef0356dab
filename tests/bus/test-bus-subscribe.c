/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fixture.h"

#include "channels-bus-peer.h"
#include "channels-names.h"

#include <signal.h>
#include <sys/wait.h>

#define GROUP "chat_chat_room"

static void
subscribe (BusFixture *fixture, const char *group)
{
  bus_fixture_assert_done (fixture, "Subscribe", g_variant_new ("(s)", group));
}

static void
unsubscribe (BusFixture *fixture, const char *group)
{
  bus_fixture_assert_done (fixture, "Unsubscribe", g_variant_new ("(s)", group));
}

/* What was sent to the client before this has arrived after it. */
static void
settle (BusFixture *fixture)
{
  bus_fixture_assert_done (fixture, "ListGroups", NULL);
}

static void
assert_text (BusInbox *inbox, guint index, const char *group, const char *text)
{
  const char *got_group = NULL;
  const char *message = NULL;
  g_autoptr (GVariant) event = bus_inbox_get (inbox, index, &got_group);

  g_variant_lookup (event, "message", "&s", &message);
  g_assert_cmpstr (got_group, ==, group);
  g_assert_cmpstr (message, ==, text);
}

static void
test_subscribe_brings_events (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);

  g_test_summary ("Who subscribed gets EventReceived, once, until it unsubscribes");

  subscribe (fixture, GROUP);
  subscribe (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "one"), 1, 0);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", "other", "two"), 0, 0);
  unsubscribe (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "three"), 0, 0);
  settle (fixture);

  assert_text (inbox, 0, GROUP, "one");
  g_assert_cmpuint (inbox->signals->len, ==, 1);
}

static void
test_subscribe_is_by_unicast (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GDBusConnection) listener = bus_fixture_connect (fixture);
  g_autoptr (BusInbox) listening = bus_inbox_new (listener);
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("Who did not subscribe gets nothing, though it asks the bus for the signal");

  subscribe (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "secret"), 1, 0);
  reply = bus_fixture_call_from (listener, "ListGroups", NULL, &error);
  g_assert_no_error (error);

  assert_text (inbox, 0, GROUP, "secret");
  g_assert_cmpuint (listening->signals->len, ==, 0);

  bus_fixture_disconnect (listener);
}

static void
test_subscribe_keeps_all_values (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);
  g_autoptr (GVariant) sent = NULL;
  g_autoptr (GVariant) got = NULL;

  g_test_summary ("Every kind of value that JSON has comes back as it was sent");

  sent = g_variant_ref_sink (g_variant_new_parsed (
      "{'type': <'x'>, 'null': <signature ''>, 'array': <[<int64 1>, <@av []>]>, 'text': <'é'>,"
      " 'object': <{'a': <true>, 'b': <@a{sv} {}>}>, 'max': <uint64 18446744073709551615>,"
      " 'min': <int64 -9223372036854775808>, 'double': <1e308>}"));
  subscribe (fixture, GROUP);
  bus_fixture_assert_sent (fixture, "SendEventToGroup", g_variant_new ("(s@a{sv})", GROUP, sent), 1,
                           0);

  got = bus_inbox_get (inbox, 0, NULL);
  g_assert_cmpvariant (got, sent);
}

static void
test_subscribe_gives_a_channel (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) members = NULL;
  const char *channel;
  const char *kind;
  gint64 joined;
  gint64 before = g_get_real_time ();

  g_test_summary ("A subscriber is listed with a channel of its own, to which one can send");

  subscribe (fixture, GROUP);
  reply = bus_fixture_call (fixture, "ListMembers", g_variant_new ("(s)", GROUP));
  members = g_variant_get_child_value (reply, 0);
  g_assert_cmpuint (g_variant_n_children (members), ==, 1);
  g_variant_get_child (members, 0, "(&s&sx)", &channel, &kind, &joined);
  g_assert_cmpstr (kind, ==, "bus");
  g_assert_cmpint (joined, >=, before);
  g_assert_cmpint (joined, <=, g_get_real_time ());

  bus_fixture_assert_sent (
      fixture, "SendToChannel",
      g_variant_new ("(s@a{sv})", channel,
                     g_variant_new_parsed ("{'type': <'chat_message'>, 'message': <'you'>}")),
      1, 0);
  assert_text (inbox, 0, "", "you");
  bus_fixture_assert_fails (fixture, "Disconnect", g_variant_new ("(sus)", channel, 1000, ""),
                            "NotAllowed");

  /* With its last group goes the channel. */
  unsubscribe (fixture, GROUP);
  bus_fixture_assert_fails (
      fixture, "SendToChannel",
      g_variant_new ("(s@a{sv})", channel, g_variant_new_parsed ("{'type': <'x'>}")),
      "NoSuchChannel");
}

static void
test_subscribe_checks_names (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("Subscribe and Unsubscribe refuse a name that is none");

  bus_fixture_assert_fails (fixture, "Subscribe", g_variant_new ("(s)", ""), "InvalidName");
  bus_fixture_assert_fails (fixture, "Subscribe", g_variant_new ("(s)", "a b"), "InvalidName");
  bus_fixture_assert_fails (fixture, "Unsubscribe", g_variant_new ("(s)", "a b"), "InvalidName");
  unsubscribe (fixture, "not-in-it");
}

static void
test_subscribe_takes_64_groups (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("A client may be in 64 groups, not in 65; who leaves one may join another");

  for (guint i = 0; i < 64; i++)
    {
      g_autofree char *group = g_strdup_printf ("group-%u", i);

      subscribe (fixture, group);
    }

  bus_fixture_assert_fails (fixture, "Subscribe", g_variant_new ("(s)", "group-64"), "NotAllowed");
  subscribe (fixture, "group-0");
  g_assert_cmpuint (bus_fixture_count_members (fixture, "group-64"), ==, 0);

  unsubscribe (fixture, "group-0");
  subscribe (fixture, "group-64");
  g_assert_cmpuint (bus_fixture_count_members (fixture, "group-64"), ==, 1);
}

static void
test_subscribe_ends_with_the_client (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("Who leaves the bus has left its groups");

  subscribe (fixture, GROUP);
  subscribe (fixture, "other");
  g_assert_cmpuint (bus_fixture_count_members (fixture, GROUP), ==, 1);

  bus_fixture_disconnect (fixture->client);
  channels_test_wait_until (bus_fixture_count_members (fixture, GROUP) == 0);
  g_assert_cmpuint (bus_fixture_count_members (fixture, "other"), ==, 0);
  g_assert_cmpuint (fixture->fake_layer->leaves, ==, 2);
}

static void
test_subscribe_leaves_no_ghost (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GDBusMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("A client that is gone before its call is handled does not stay in the group");

  message = g_dbus_message_new_method_call (CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH,
                                            CHANNELS_BUS_INTERFACE, "Subscribe");
  g_dbus_message_set_flags (message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_message_set_body (message, g_variant_new ("(s)", GROUP));
  g_dbus_connection_send_message (fixture->client, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                  &error);
  g_assert_no_error (error);
  g_dbus_connection_flush_sync (fixture->client, NULL, &error);
  g_assert_no_error (error);
  bus_fixture_disconnect (fixture->client);

  channels_test_wait_until (fixture->fake_layer->joins == 1);
  channels_test_wait_until (fixture->fake_layer->leaves == 1);
}

/* The text of a browser's message, arrays nested @depth deep, as an event: JSON of @depth needs 3
 * containers for the event, and 2 for each array. */
static ChannelsEvent *
make_nested_event (guint depth)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, '[');
  g_string_append_c (text, '1');
  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, ']');

  return channels_event_new_chat (text->str, text->len);
}

static guint
deliver_nested (BusFixture *fixture, guint depth)
{
  g_autoptr (ChannelsEvent) event = make_nested_event (depth);

  return channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL);
}

static void
test_subscribe_leaves_out_what_is_too_deep (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);
  g_autoptr (GVariant) event = NULL;

  g_test_summary ("The deepest event that D-Bus allows arrives, a deeper one is left out");

  subscribe (fixture, GROUP);
  g_assert_cmpuint (deliver_nested (fixture, 30), ==, 1);
  g_assert_cmpuint (deliver_nested (fixture, 31), ==, 0);
  bus_fixture_assert_sent (fixture, "SendToGroup", g_variant_new ("(ss)", GROUP, "still here"), 1,
                           0);

  event = bus_inbox_get (inbox, 0, NULL);
  assert_text (inbox, 1, GROUP, "still here");
  g_assert_cmpuint (inbox->signals->len, ==, 2);
  g_assert_false (g_dbus_connection_is_closed (fixture->connection));
}

static void
test_subscribe_takes_64_containers (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);
  g_autoptr (ChannelsEvent) deepest = NULL;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (GVariant) event = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_new_int64 (1);
  GVariantDict dict;

  g_test_summary ("64 containers, the most that is not left out, arrive by a real bus");

  /* 3 for the event, 1 for a structure, 30 times 2 for arrays of variants. */
  value = g_variant_new_tuple (&value, 1);
  for (guint i = 0; i < 30; i++)
    {
      value = g_variant_new_variant (value);
      value = g_variant_new_array (NULL, &value, 1);
    }
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "type", "s", "deep");
  g_variant_dict_insert_value (&dict, "value", value);
  dictionary = g_variant_ref_sink (g_variant_dict_end (&dict));
  deepest = channels_event_new_from_variant (dictionary, 64, &error);
  g_assert_no_error (error);

  subscribe (fixture, GROUP);
  g_assert_cmpuint (channels_hub_send_to_group (fixture->hub, GROUP, deepest, NULL, NULL, NULL), ==,
                    1);
  event = bus_inbox_get (inbox, 0, NULL);
  g_assert_cmpvariant (event, dictionary);
  g_assert_false (g_dbus_connection_is_closed (fixture->connection));
}

static guint
deliver_of_size (BusFixture *fixture, gsize size)
{
  g_autoptr (GVariant) dictionary = bus_fixture_make_event (size);
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GError) error = NULL;

  event = channels_event_new_from_variant (dictionary, 32, &error);
  g_assert_no_error (error);

  return channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL);
}

static void
test_subscribe_leaves_out_what_is_too_large (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (BusInbox) inbox = bus_inbox_new (fixture->client);
  g_autoptr (GVariant) event = NULL;

  g_test_summary ("An event of 17 MiB arrives, one with a byte more is left out");

  subscribe (fixture, GROUP);
  g_assert_cmpuint (deliver_of_size (fixture, CHANNELS_BUS_PEER_EVENT_MAX), ==, 1);
  g_assert_cmpuint (deliver_of_size (fixture, CHANNELS_BUS_PEER_EVENT_MAX + 1), ==, 0);
  settle (fixture);

  event = bus_inbox_get (inbox, 0, NULL);
  g_assert_cmpuint (g_variant_get_size (event), ==, CHANNELS_BUS_PEER_EVENT_MAX);
  g_assert_cmpuint (inbox->signals->len, ==, 1);
}

/* How a child of this program, which only subscribes, is told from the tests. */
#define SUBSCRIBER_ARGUMENT "--subscribe-for-ever"

static int
run_subscriber (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (
      connection, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, CHANNELS_BUS_INTERFACE, "Subscribe",
      g_variant_new ("(s)", GROUP), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  g_main_loop_run (loop);

  return 0;
}

static guint
send_mib (BusFixture *fixture)
{
  static const gsize size = 1024 * 1024;
  g_autofree char *text = g_strnfill (size, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

  return channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL);
}

/* Sends until the subscriber is sent no more, and returns how much it was. */
static guint
send_all_mib (BusFixture *fixture)
{
  guint sent = 0;

  while (sent < 64 && send_mib (fixture) == 1)
    {
      sent++;
      settle (fixture);
    }

  return sent;
}

/* Returns when none of its threads runs any more. */
static void
stop (GSubprocess *process)
{
  pid_t pid = (pid_t) g_ascii_strtoll (g_subprocess_get_identifier (process), NULL, 10);
  siginfo_t ignored;

  g_subprocess_send_signal (process, SIGSTOP);
  g_assert_no_errno (waitid (P_PID, pid, &ignored, WSTOPPED | WNOWAIT));
}

static void
test_subscribe_bounds_who_does_not_read (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocess) subscriber = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("What a client leaves unread is bounded; it gets events again once it reads");

  subscriber = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, data, SUBSCRIBER_ARGUMENT, NULL);
  g_assert_no_error (error);
  channels_test_wait_until (bus_fixture_count_members (fixture, GROUP) == 1);

  stop (subscriber);
  g_assert_cmpuint (send_all_mib (fixture), ==, 31);

  g_subprocess_send_signal (subscriber, SIGCONT);
  channels_test_wait_until (send_mib (fixture) == 1);

  g_subprocess_force_exit (subscriber);
  channels_test_wait_until (bus_fixture_count_members (fixture, GROUP) == 0);
  g_subprocess_wait (subscriber, NULL, &error);
  g_assert_no_error (error);
}

/* Keeps the service's pings from being answered: to the service, the client does not read. Runs in
 * GDBus's thread. */
static GDBusMessage *
keep_ping (GDBusConnection *connection,
           GDBusMessage *message,
           gboolean incoming,
           gpointer user_data)
{
  GAsyncQueue *pings = user_data;

  if (!incoming || g_strcmp0 (g_dbus_message_get_member (message), "Ping") != 0)
    return message;

  g_async_queue_push (pings, message);
  return NULL;
}

static void
answer_pings (BusFixture *fixture, GAsyncQueue *pings)
{
  while (g_async_queue_length (pings) > 0)
    {
      g_autoptr (GDBusMessage) ping = g_async_queue_pop (pings);
      g_autoptr (GDBusMessage) pong = g_dbus_message_new_method_reply (ping);
      g_autoptr (GError) error = NULL;

      g_dbus_connection_send_message (fixture->client, pong, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                      &error);
      g_assert_no_error (error);
    }
}

static void
test_subscribe_remembers_what_is_unread (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncQueue) pings = g_async_queue_new_full (g_object_unref);
  guint filter = g_dbus_connection_add_filter (fixture->client, keep_ping, pings, NULL);

  g_test_summary ("To leave and to join again makes nothing read; to read does, in a group or not");

  subscribe (fixture, GROUP);
  g_assert_cmpuint (send_all_mib (fixture), ==, 31);
  unsubscribe (fixture, GROUP);
  g_assert_cmpuint (bus_fixture_count_members (fixture, GROUP), ==, 0);
  subscribe (fixture, GROUP);
  g_assert_cmpuint (bus_fixture_count_members (fixture, GROUP), ==, 1);
  g_assert_cmpuint (send_mib (fixture), ==, 0);

  /* One for the first MiB, then one for all others. */
  unsubscribe (fixture, GROUP);
  for (guint i = 0; i < 2; i++)
    {
      answer_pings (fixture, pings);
      settle (fixture);
    }
  subscribe (fixture, GROUP);
  g_assert_cmpuint (send_all_mib (fixture), ==, 31);

  g_dbus_connection_remove_filter (fixture->client, filter);
}

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], SUBSCRIBER_ARGUMENT))
    return run_subscriber ();

  g_test_init (&argc, &argv, NULL);

  bus_fixture_add ("/bus/subscribe/brings-events", WITH_MEMORY_LAYER, test_subscribe_brings_events);
  bus_fixture_add ("/bus/subscribe/is-by-unicast", WITH_MEMORY_LAYER, test_subscribe_is_by_unicast);
  bus_fixture_add ("/bus/subscribe/keeps-all-values", WITH_MEMORY_LAYER,
                   test_subscribe_keeps_all_values);
  bus_fixture_add ("/bus/subscribe/gives-a-channel", WITH_MEMORY_LAYER,
                   test_subscribe_gives_a_channel);
  bus_fixture_add ("/bus/subscribe/checks-names", WITH_MEMORY_LAYER, test_subscribe_checks_names);
  bus_fixture_add ("/bus/subscribe/takes-64-groups", WITH_MEMORY_LAYER,
                   test_subscribe_takes_64_groups);
  bus_fixture_add ("/bus/subscribe/ends-with-the-client", WITH_FAKE_LAYER,
                   test_subscribe_ends_with_the_client);
  bus_fixture_add ("/bus/subscribe/leaves-no-ghost", WITH_FAKE_LAYER,
                   test_subscribe_leaves_no_ghost);
  bus_fixture_add ("/bus/subscribe/leaves-out-what-is-too-deep", WITH_MEMORY_LAYER,
                   test_subscribe_leaves_out_what_is_too_deep);
  bus_fixture_add ("/bus/subscribe/takes-64-containers", WITH_MEMORY_LAYER,
                   test_subscribe_takes_64_containers);
  bus_fixture_add ("/bus/subscribe/leaves-out-what-is-too-large", WITH_MEMORY_LAYER,
                   test_subscribe_leaves_out_what_is_too_large);
  bus_fixture_add ("/bus/subscribe/bounds-who-does-not-read", argv[0],
                   test_subscribe_bounds_who_does_not_read);
  bus_fixture_add ("/bus/subscribe/remembers-what-is-unread", WITH_MEMORY_LAYER,
                   test_subscribe_remembers_what_is_unread);

  return g_test_run ();
}
