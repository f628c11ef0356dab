/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "bus-fixture.h"

#include "channels-memory-layer.h"
#include "channels-names.h"

static void
store_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out_result = user_data;

  *out_result = g_object_ref (result);
}

GDBusConnection *
bus_fixture_connect (BusFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection;

  connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (fixture->bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

void
bus_fixture_disconnect (GDBusConnection *client)
{
  g_autoptr (GError) error = NULL;

  g_dbus_connection_close_sync (client, NULL, &error);
  g_assert_no_error (error);
}

static void
own_name (GDBusConnection *connection)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  reply = g_dbus_connection_call_sync (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", CHANNELS_BUS_NAME, 0), G_VARIANT_TYPE ("(u)"),
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

void
bus_fixture_set_up (BusFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *prefix = channels_node_prefix_new ();

  fixture->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->bus);
  fixture->connection = bus_fixture_connect (fixture);
  fixture->client = bus_fixture_connect (fixture);

  if (data == WITH_FAKE_LAYER)
    {
      fixture->fake_layer = fake_layer_new ();
      fixture->layer = CHANNELS_LAYER (fixture->fake_layer);
    }
  else
    {
      fixture->layer = channels_memory_layer_new ();
    }

  fixture->hub = channels_hub_new (fixture->layer, prefix);
  fixture->member = fake_member_new ();
  fixture->member->channel =
      channels_hub_add_channel (fixture->hub, CHANNELS_MEMBER (fixture->member));

  channels_limits_init (&fixture->limits);
  fixture->limits.value[CHANNELS_LIMIT_EVENT_SIZE] = EVENT_SIZE;
  fixture->service = channels_bus_service_new (fixture->hub, &fixture->limits);
  channels_bus_service_export (fixture->service, fixture->connection, &error);
  g_assert_no_error (error);
  own_name (fixture->connection);
}

static void
close_and_finalize (GDBusConnection **connection)
{
  if (!g_dbus_connection_is_closed (*connection))
    bus_fixture_disconnect (*connection);
  g_clear_object (connection);
}

void
bus_fixture_tear_down (BusFixture *fixture, gconstpointer data)
{
  gpointer service = fixture->service;

  g_object_add_weak_pointer (G_OBJECT (fixture->service), &service);
  g_object_run_dispose (G_OBJECT (fixture->service));
  g_clear_object (&fixture->service);
  close_and_finalize (&fixture->client);
  close_and_finalize (&fixture->connection);

  /* Calls that GDBus had queued hold their objects until they have been looked at. */
  channels_test_wait_until (service == NULL);
  while (g_main_context_iteration (NULL, FALSE))
    continue;

  channels_hub_remove_channel (fixture->hub, fixture->member->channel);
  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (fixture->member);
  g_assert_finalize_object (fixture->layer);

  g_test_dbus_down (fixture->bus);
  g_clear_object (&fixture->bus);
}

static GVariant *
call (GDBusConnection *client,
      const char *interface,
      const char *method,
      GVariant *arguments,
      GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_connection_call (client, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, interface, method,
                          arguments, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, store_result_cb,
                          &result);
  channels_test_wait_until (result != NULL);

  return g_dbus_connection_call_finish (client, result, error);
}

GVariant *
bus_fixture_call_from (GDBusConnection *client,
                       const char *method,
                       GVariant *arguments,
                       GError **error)
{
  return call (client, CHANNELS_BUS_INTERFACE, method, arguments, error);
}

GVariant *
bus_fixture_get_properties (BusFixture *fixture)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  reply = call (fixture->client, "org.freedesktop.DBus.Properties", "GetAll",
                g_variant_new ("(s)", CHANNELS_BUS_INTERFACE), &error);
  g_assert_no_error (error);

  return g_variant_get_child_value (reply, 0);
}

GVariant *
bus_fixture_call (BusFixture *fixture, const char *method, GVariant *arguments)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply = bus_fixture_call_from (fixture->client, method, arguments, &error);

  g_assert_no_error (error);

  return reply;
}

void
bus_fixture_assert_done (BusFixture *fixture, const char *method, GVariant *arguments)
{
  g_variant_unref (bus_fixture_call (fixture, method, arguments));
}

void
bus_fixture_assert_sent (BusFixture *fixture,
                         const char *method,
                         GVariant *arguments,
                         guint receivers,
                         guint remotes)
{
  g_autoptr (GVariant) reply = bus_fixture_call (fixture, method, arguments);
  guint got_receivers;
  guint got_remotes;

  g_variant_get (reply, "(uu)", &got_receivers, &got_remotes);
  g_assert_cmpuint (got_receivers, ==, receivers);
  g_assert_cmpuint (got_remotes, ==, remotes);
}

void
bus_fixture_assert_fails (BusFixture *fixture,
                          const char *method,
                          GVariant *arguments,
                          const char *error_name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *remote = NULL;
  g_autofree char *expected = g_strconcat (CHANNELS_BUS_ERROR_PREFIX, error_name, NULL);

  reply = bus_fixture_call_from (fixture->client, method, arguments, &error);
  g_assert_null (reply);
  g_assert_nonnull (error);

  remote = g_dbus_error_get_remote_error (error);
  g_assert_cmpstr (remote, ==, expected);
}

static void
count_member (const char *channel, const char *kind, gint64 joined, gpointer user_data)
{
  guint *count = user_data;

  (*count)++;
}

guint
bus_fixture_count_members (BusFixture *fixture, const char *group)
{
  guint count = 0;

  channels_hub_list_members (fixture->hub, group, count_member, &count);

  return count;
}

void
bus_fixture_join_member (BusFixture *fixture, const char *group)
{
  channels_hub_join (fixture->hub, group, CHANNELS_MEMBER (fixture->member));
}

void
bus_fixture_leave_member (BusFixture *fixture, const char *group)
{
  channels_hub_leave (fixture->hub, group, CHANNELS_MEMBER (fixture->member));
}

GVariant *
bus_fixture_make_pairs (const char *group, guint n)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ss)"));

  for (guint i = 0; i < n; i++)
    g_variant_builder_add (&builder, "(ss)", group, "many");

  return g_variant_new ("(a(ss))", &builder);
}

GVariant *
bus_fixture_make_event (gsize size)
{
  /* The text comes last, where no padding follows: a byte of it is a byte of the event. */
  static const char *const format = "{'type': <'chat_message'>, 'message': <%s>}";
  g_autofree char *probe_text = g_strnfill (size / 2, 'x');
  g_autoptr (GVariant) probe = g_variant_ref_sink (g_variant_new_parsed (format, probe_text));
  gsize overhead = g_variant_get_size (probe) - size / 2;
  g_autofree char *text = g_strnfill (size - overhead, 'x');
  GVariant *event = g_variant_ref_sink (g_variant_new_parsed (format, text));

  g_assert_cmpuint (g_variant_get_size (event), ==, size);

  return event;
}

static void
on_event_received (GDBusConnection *connection,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *parameters,
                   gpointer user_data)
{
  BusInbox *inbox = user_data;

  g_ptr_array_add (inbox->signals, g_variant_ref (parameters));
}

BusInbox *
bus_inbox_new (GDBusConnection *client)
{
  BusInbox *inbox = g_new0 (BusInbox, 1);

  inbox->client = g_object_ref (client);
  inbox->signals = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  inbox->subscription = g_dbus_connection_signal_subscribe (
      client, NULL, CHANNELS_BUS_INTERFACE, "EventReceived", CHANNELS_OBJECT_PATH, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_event_received, inbox, NULL);

  return inbox;
}

void
bus_inbox_free (BusInbox *inbox)
{
  g_dbus_connection_signal_unsubscribe (inbox->client, inbox->subscription);
  g_clear_object (&inbox->client);
  g_ptr_array_unref (inbox->signals);
  g_free (inbox);
}

GVariant *
bus_inbox_get (BusInbox *inbox, guint index, const char **out_group)
{
  GVariant *parameters;
  const char *group;
  g_autoptr (GVariant) event = NULL;

  channels_test_wait_until (inbox->signals->len > index);
  parameters = g_ptr_array_index (inbox->signals, index);
  g_variant_get (parameters, "(&s@a{sv})", &group, &event);
  if (out_group != NULL)
    *out_group = group;

  return g_steal_pointer (&event);
}
