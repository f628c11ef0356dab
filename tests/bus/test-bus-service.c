/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fixture.h"

#include "channels-error.h"
#include "channels-names.h"

#define GROUP "chat_chat_room"

static void
test_service_lists_groups_by_name (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) expected = NULL;
  g_autoptr (GVariant) expected_none = NULL;

  g_test_summary ("ListGroups names each group that has members here, with their number");

  none = bus_fixture_call (fixture, "ListGroups", NULL);
  bus_fixture_assert_done (fixture, "Subscribe", g_variant_new ("(s)", "b"));
  channels_hub_join (fixture->hub, "c", CHANNELS_MEMBER (fixture->member));
  channels_hub_join (fixture->hub, "b", CHANNELS_MEMBER (fixture->member));
  channels_hub_join (fixture->hub, "a", CHANNELS_MEMBER (fixture->member));
  reply = bus_fixture_call (fixture, "ListGroups", NULL);
  channels_hub_leave (fixture->hub, "a", CHANNELS_MEMBER (fixture->member));
  channels_hub_leave (fixture->hub, "b", CHANNELS_MEMBER (fixture->member));
  channels_hub_leave (fixture->hub, "c", CHANNELS_MEMBER (fixture->member));

  expected_none = g_variant_ref_sink (g_variant_new_parsed ("(@a(su) [],)"));
  g_assert_cmpvariant (none, expected_none);
  expected = g_variant_ref_sink (
      g_variant_new_parsed ("([('a', uint32 1), ('b', uint32 2), ('c', uint32 1)],)"));
  g_assert_cmpvariant (reply, expected);
}

static void
test_service_lists_statistics (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) expected = NULL;
  g_autoptr (GVariant) expected_none = NULL;
  gint64 last_used;

  g_test_summary ("ListStatistics has what was sent to each group, and is no use of the service");

  none = bus_fixture_call (fixture, "ListStatistics", NULL);
  channels_hub_join (fixture->hub, "a", CHANNELS_MEMBER (fixture->member));
  for (guint i = 0; i < 3; i++)
    g_variant_unref (bus_fixture_call (fixture, "SendToGroup", g_variant_new ("(ss)", "a", "x")));
  last_used = channels_bus_service_get_last_used (fixture->service);
  reply = bus_fixture_call (fixture, "ListStatistics", NULL);
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), ==, last_used);
  channels_hub_leave (fixture->hub, "a", CHANNELS_MEMBER (fixture->member));

  expected_none = g_variant_ref_sink (g_variant_new_parsed ("(@a(sutt) [],)"));
  g_assert_cmpvariant (none, expected_none);
  expected = g_variant_ref_sink (g_variant_new_parsed ("([('a', uint32 1, uint64 3, uint64 3)],)"));
  g_assert_cmpvariant (reply, expected);
}

static void
test_service_lists_members (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) expected = NULL;
  g_autoptr (GVariant) expected_none = NULL;

  g_test_summary ("ListMembers has channel, kind and time of each member");

  none = bus_fixture_call (fixture, "ListMembers", g_variant_new ("(s)", GROUP));
  channels_hub_join (fixture->hub, GROUP, CHANNELS_MEMBER (fixture->member));
  reply = bus_fixture_call (fixture, "ListMembers", g_variant_new ("(s)", GROUP));
  channels_hub_leave (fixture->hub, GROUP, CHANNELS_MEMBER (fixture->member));

  expected_none = g_variant_ref_sink (g_variant_new_parsed ("(@a(ssx) [],)"));
  g_assert_cmpvariant (none, expected_none);
  expected = g_variant_ref_sink (g_variant_new_parsed (
      "([(%s, 'websocket', %x)],)", fixture->member->channel, (gint64) FAKE_MEMBER_JOINED));
  g_assert_cmpvariant (reply, expected);
  bus_fixture_assert_fails (fixture, "ListMembers", g_variant_new ("(s)", "a b"), "InvalidName");
}

static void
test_service_disconnects (BusFixture *fixture, gconstpointer data)
{
  static const guint codes[] = { 1000, 1001, 1008, 4000, 4999 };
  g_autofree char *longest = g_strnfill (100, 'x');

  g_test_summary ("Disconnect hands code and reason to the WebSocket that has the channel");

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      bus_fixture_assert_done (
          fixture, "Disconnect",
          g_variant_new ("(sus)", fixture->member->channel, codes[i], longest));
      g_assert_cmpuint (fixture->member->code, ==, codes[i]);
      g_assert_cmpstr (fixture->member->reason, ==, longest);
    }
}

static void
test_service_checks_disconnect (BusFixture *fixture, gconstpointer data)
{
  static const guint bad_codes[] = { 0, 999, 1002, 1005, 1006, 1011, 3999, 5000, 65536 + 1000 };
  const char *channel = fixture->member->channel;
  g_autofree char *too_long = g_strnfill (101, 'x');
  g_autofree char *nobody = g_strconcat (channel, "x", NULL);

  g_test_summary ("Disconnect refuses other codes, longer reasons and channels nobody has");

  for (gsize i = 0; i < G_N_ELEMENTS (bad_codes); i++)
    bus_fixture_assert_fails (fixture, "Disconnect",
                              g_variant_new ("(sus)", channel, bad_codes[i], ""), "NotAllowed");
  bus_fixture_assert_fails (fixture, "Disconnect", g_variant_new ("(sus)", channel, 1000, too_long),
                            "NotAllowed");
  bus_fixture_assert_fails (fixture, "Disconnect", g_variant_new ("(sus)", nobody, 1000, ""),
                            "NoSuchChannel");
  bus_fixture_assert_fails (fixture, "Disconnect", g_variant_new ("(sus)", "a b", 1000, ""),
                            "InvalidName");
  g_assert_cmpuint (fixture->member->code, ==, 0);
}

/* Mints what it was asked for; refuses an empty origin. */
static char *
mint (const char *owner,
      const char *const *groups,
      const char *origin,
      guint seconds,
      char **out_url,
      gpointer user_data,
      GError **error)
{
  g_autofree char *joined = g_strjoinv (",", (char **) groups);

  if (*origin == '\0')
    {
      g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED, "no origin");
      return NULL;
    }

  *out_url = g_strdup (user_data);

  return g_strdup_printf ("%s %s %s %u", owner, joined, origin, seconds);
}

static GVariant *
make_ticket_request (guint n_groups, gsize origin_length)
{
  GVariantBuilder groups = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree char *origin = g_strnfill (origin_length, 'o');

  for (guint i = 0; i < n_groups; i++)
    g_variant_builder_add (&groups, "s", "g");

  return g_variant_new ("(assu)", &groups, origin, 30);
}

static void
test_service_mints_tickets (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *expected = NULL;
  const char *ticket;
  const char *url;

  g_test_summary ("MintTicket hands the caller's name and wish to who mints, and the ticket back");

  channels_bus_service_set_ticket_minter (fixture->service, mint, (gpointer) "ws://there/");
  reply = bus_fixture_call (fixture, "MintTicket",
                            g_variant_new_parsed ("(['a', 'b'], 'https://x', uint32 7)"));

  g_variant_get (reply, "(&s&s)", &ticket, &url);
  expected =
      g_strdup_printf ("%s a,b https://x 7", g_dbus_connection_get_unique_name (fixture->client));
  g_assert_cmpstr (ticket, ==, expected);
  g_assert_cmpstr (url, ==, "ws://there/");
}

static void
test_service_checks_tickets (BusFixture *fixture, gconstpointer data)
{
  g_test_summary ("MintTicket refuses bad names, too many of them, and what the minter refuses");

  bus_fixture_assert_fails (fixture, "MintTicket", make_ticket_request (1, 1), "NotAllowed");

  channels_bus_service_set_ticket_minter (fixture->service, mint, (gpointer) "ws://there/");
  bus_fixture_assert_fails (fixture, "MintTicket",
                            g_variant_new_parsed ("(['a', 'b c'], 'https://x', uint32 7)"),
                            "InvalidName");
  bus_fixture_assert_fails (fixture, "MintTicket", make_ticket_request (65, 1), "NotAllowed");
  bus_fixture_assert_fails (fixture, "MintTicket", make_ticket_request (1, 301), "NotAllowed");
  bus_fixture_assert_fails (fixture, "MintTicket", make_ticket_request (1, 0), "NotAllowed");
  bus_fixture_assert_done (fixture, "MintTicket", make_ticket_request (64, 300));
}

static void
test_service_has_properties (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) before = bus_fixture_get_properties (fixture);
  g_autoptr (GVariant) after = NULL;
  g_autoptr (GVariant) expected_before = NULL;
  g_autoptr (GVariant) expected_after = NULL;
  const char *format = "{'Version': <%s>, 'Url': <%s>, 'WebSocketUrl': <%s>, 'Layer': <'memory'>,"
                       " 'LayerState': <'up'>, 'Connections': <%u>}";

  g_test_summary ("The properties are those of the service, empty until it is told of them");

  channels_bus_service_set_urls (fixture->service, "http://here/", "ws://here/");
  channels_bus_service_set_connections (fixture->service, 3);
  after = bus_fixture_get_properties (fixture);

  expected_before = g_variant_ref_sink (g_variant_new_parsed (format, PACKAGE_VERSION, "", "", 0));
  expected_after = g_variant_ref_sink (
      g_variant_new_parsed (format, PACKAGE_VERSION, "http://here/", "ws://here/", 3));
  g_assert_cmpvariant (before, expected_before);
  g_assert_cmpvariant (after, expected_after);
}

static void
on_properties_changed (GDBusConnection *connection,
                       const char *sender,
                       const char *path,
                       const char *interface,
                       const char *signal,
                       GVariant *parameters,
                       gpointer user_data)
{
  GVariantDict *changes = user_data;
  g_autoptr (GVariantIter) iter = NULL;
  const char *key;
  GVariant *value;

  g_variant_get (parameters, "(&sa{sv}as)", NULL, &iter, NULL);
  while (g_variant_iter_loop (iter, "{&sv}", &key, &value))
    g_variant_dict_insert_value (changes, key, value);
}

static void
test_service_signals_changes (BusFixture *fixture, gconstpointer data)
{
  g_auto (GVariantDict) changes = G_VARIANT_DICT_INIT (NULL);
  const char *url = NULL;
  const char *websocket_url = NULL;
  const char *state = NULL;
  guint connections = 0;
  guint subscription;

  g_test_summary ("A property that changes is signalled");

  subscription = g_dbus_connection_signal_subscribe (
      fixture->client, CHANNELS_BUS_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged",
      CHANNELS_OBJECT_PATH, CHANNELS_BUS_INTERFACE, G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed,
      &changes, NULL);
  g_variant_unref (bus_fixture_get_properties (fixture));

  channels_bus_service_set_urls (fixture->service, "http://here/", "ws://here/");
  channels_bus_service_set_connections (fixture->service, 3);
  fake_layer_set_state (fixture->fake_layer, CHANNELS_LAYER_STATE_DOWN);
  channels_test_wait_until (g_variant_dict_contains (&changes, "LayerState") &&
                            g_variant_dict_contains (&changes, "Connections"));

  g_variant_dict_lookup (&changes, "Url", "&s", &url);
  g_variant_dict_lookup (&changes, "WebSocketUrl", "&s", &websocket_url);
  g_variant_dict_lookup (&changes, "LayerState", "&s", &state);
  g_variant_dict_lookup (&changes, "Connections", "u", &connections);
  g_assert_cmpstr (url, ==, "http://here/");
  g_assert_cmpstr (websocket_url, ==, "ws://here/");
  g_assert_cmpstr (state, ==, "down");
  g_assert_cmpuint (connections, ==, 3);

  g_variant_dict_clear (&changes);
  g_variant_dict_init (&changes, NULL);
  fake_layer_set_state (fixture->fake_layer, CHANNELS_LAYER_STATE_UP);
  channels_test_wait_until (g_variant_dict_contains (&changes, "LayerState"));
  g_variant_dict_lookup (&changes, "LayerState", "&s", &state);
  g_assert_cmpstr (state, ==, "up");

  g_dbus_connection_signal_unsubscribe (fixture->client, subscription);
}

static void
test_service_unexport_drops_peers (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) no_object = NULL;

  g_test_summary ("Off the bus, the service has no subscribers; it can be put on again");

  bus_fixture_assert_done (fixture, "Subscribe", g_variant_new ("(s)", "a"));
  channels_bus_service_unexport (fixture->service);
  channels_bus_service_unexport (fixture->service);
  g_assert_cmpuint (bus_fixture_count_members (fixture, "a"), ==, 0);
  none = bus_fixture_call_from (fixture->client, "ListGroups", NULL, &no_object);
  g_assert_error (no_object, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);

  g_assert_true (channels_bus_service_export (fixture->service, fixture->connection, &error));
  g_assert_no_error (error);
  bus_fixture_assert_done (fixture, "Subscribe", g_variant_new ("(s)", "a"));
  g_assert_cmpuint (bus_fixture_count_members (fixture, "a"), ==, 1);
}

static void
test_service_refuses_all (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) reason =
      g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_FAILED, "the port is taken");

  g_test_summary ("A service with nobody to serve it answers every call with the reason");

  channels_bus_service_refuse (fixture->service, reason);

  for (guint i = 0; i < 2; i++)
    {
      const char *method = i == 0 ? "Subscribe" : "ListStatistics";
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = bus_fixture_call_from (
          fixture->client, method, i == 0 ? g_variant_new ("(s)", "a") : NULL, &error);

      g_assert_null (reply);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_FAILED);
      g_assert_nonnull (strstr (error->message, "the port is taken"));
    }
  g_assert_cmpuint (bus_fixture_count_members (fixture, "a"), ==, 0);
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), <, G_MAXINT64);
}

static void
test_service_export_fails_where_it_cannot_be (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (ChannelsBusService) second = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("A second service on the same connection is refused, and can go");

  second = channels_bus_service_new (fixture->hub, &fixture->limits);
  g_assert_false (channels_bus_service_export (second, fixture->connection, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
}

static void
reload (GDBusMethodInvocation *invocation, gpointer user_data)
{
  GDBusMethodInvocation **out_invocation = user_data;

  *out_invocation = invocation;
}

static void
on_reload_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *answered = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  g_assert_no_error (error);
  *answered = reply != NULL;
}

static void
test_service_hands_on_reload (BusFixture *fixture, gconstpointer data)
{
  GDBusMethodInvocation *invocation = NULL;
  gboolean answered = FALSE;

  g_test_summary ("Reload is refused where nobody can, and answered by whoever can; until then the "
                  "service is in use");

  bus_fixture_assert_fails (fixture, "Reload", NULL, "NotAllowed");
  channels_test_wait_until (channels_bus_service_get_last_used (fixture->service) < G_MAXINT64);

  channels_bus_service_set_reload_func (fixture->service, reload, &invocation);
  g_dbus_connection_call (fixture->client, g_dbus_connection_get_unique_name (fixture->connection),
                          CHANNELS_OBJECT_PATH, CHANNELS_BUS_INTERFACE, "Reload", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_reload_reply, &answered);
  channels_test_wait_until (invocation != NULL);
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), ==, G_MAXINT64);

  g_dbus_method_invocation_return_value (invocation, NULL);
  channels_test_wait_until (answered);
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), <=,
                   g_get_monotonic_time ());
}

static void
test_service_knows_when_it_was_used (BusFixture *fixture, gconstpointer data)
{
  gint64 before;

  g_test_summary ("A service is in use while somebody subscribes, and was when the last left");

  bus_fixture_assert_done (fixture, "Subscribe", g_variant_new ("(s)", GROUP));
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), ==, G_MAXINT64);

  before = g_get_monotonic_time ();
  bus_fixture_assert_done (fixture, "Unsubscribe", g_variant_new ("(s)", GROUP));
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), >=, before);
  g_assert_cmpint (channels_bus_service_get_last_used (fixture->service), <=,
                   g_get_monotonic_time ());
}

static void
test_service_shows_another_layer (BusFixture *fixture, gconstpointer data)
{
  FakeLayer *next = g_object_new (FAKE_TYPE_LAYER, NULL);
  g_autoptr (GVariant) properties = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *name;
  const char *state;

  g_test_summary ("The hub's other layer is shown, and what becomes of it");

  next->state = CHANNELS_LAYER_STATE_UP;
  channels_hub_set_layer (fixture->hub, CHANNELS_LAYER (next));
  channels_bus_service_take_layer (fixture->service);
  next->state = CHANNELS_LAYER_STATE_DOWN;
  channels_layer_emit_state_changed (CHANNELS_LAYER (next));

  properties = bus_fixture_get_properties (fixture);
  g_variant_dict_init (&dict, properties);
  g_assert_true (g_variant_dict_lookup (&dict, "Layer", "&s", &name));
  g_assert_true (g_variant_dict_lookup (&dict, "LayerState", "&s", &state));
  g_assert_cmpstr (name, ==, "fake");
  g_assert_cmpstr (state, ==, "down");
  channels_hub_set_layer (fixture->hub, fixture->layer);
  g_assert_finalize_object (next);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  bus_fixture_add ("/bus/service/lists-groups-by-name", WITH_MEMORY_LAYER,
                   test_service_lists_groups_by_name);
  bus_fixture_add ("/bus/service/lists-statistics", WITH_MEMORY_LAYER,
                   test_service_lists_statistics);
  bus_fixture_add ("/bus/service/lists-members", WITH_MEMORY_LAYER, test_service_lists_members);
  bus_fixture_add ("/bus/service/disconnects", WITH_MEMORY_LAYER, test_service_disconnects);
  bus_fixture_add ("/bus/service/checks-disconnect", WITH_MEMORY_LAYER,
                   test_service_checks_disconnect);
  bus_fixture_add ("/bus/service/mints-tickets", WITH_MEMORY_LAYER, test_service_mints_tickets);
  bus_fixture_add ("/bus/service/checks-tickets", WITH_MEMORY_LAYER, test_service_checks_tickets);
  bus_fixture_add ("/bus/service/has-properties", WITH_MEMORY_LAYER, test_service_has_properties);
  bus_fixture_add ("/bus/service/signals-changes", WITH_FAKE_LAYER, test_service_signals_changes);
  bus_fixture_add ("/bus/service/hands-on-reload", WITH_MEMORY_LAYER, test_service_hands_on_reload);
  bus_fixture_add ("/bus/service/knows-when-it-was-used", WITH_MEMORY_LAYER,
                   test_service_knows_when_it_was_used);
  bus_fixture_add ("/bus/service/shows-another-layer", WITH_MEMORY_LAYER,
                   test_service_shows_another_layer);
  bus_fixture_add ("/bus/service/unexport-drops-peers", WITH_MEMORY_LAYER,
                   test_service_unexport_drops_peers);
  bus_fixture_add ("/bus/service/refuses-all", WITH_MEMORY_LAYER, test_service_refuses_all);
  bus_fixture_add ("/bus/service/export-fails-where-it-cannot-be", WITH_MEMORY_LAYER,
                   test_service_export_fails_where_it_cannot_be);

  return g_test_run ();
}
