/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "bus-fakes.h"
#include "channels-bus-service.h"
#include "channels-test-wait.h"

G_BEGIN_DECLS

/* The bytes of an event that the fixture's service allows: small, for boundaries. */
#define EVENT_SIZE 4096

/* A service on a private bus, with a WebSocket in the hub, and a client that calls it. */
typedef struct
{
  GTestDBus *bus;              /* (owned) */
  GDBusConnection *connection; /* (owned): the service's */
  GDBusConnection *client;     /* (owned) */
  FakeLayer *fake_layer;       /* (unowned) (nullable): `NULL` with the memory layer */
  ChannelsLayer *layer;        /* (owned) */
  ChannelsHub *hub;            /* (owned) */
  ChannelsLimits limits;
  ChannelsBusService *service; /* (owned) */
  FakeMember *member;          /* (owned): with a channel, in no group */
} BusFixture;

/* What a client was sent: one `(sa{sv})` an EventReceived. */
typedef struct
{
  GDBusConnection *client; /* (owned) */
  GPtrArray *signals;      /* (element-type GVariant) (owned) */
  guint subscription;
} BusInbox;

/* @data of g_test_add(): which layer the hub has. */
#define WITH_MEMORY_LAYER NULL
#define WITH_FAKE_LAYER GINT_TO_POINTER (1)

/* A test @function of a fixture, named @path, over @layer. */
#define bus_fixture_add(path, layer, function)                                                     \
  g_test_add (path, BusFixture, layer, bus_fixture_set_up, function, bus_fixture_tear_down)

void bus_fixture_set_up (BusFixture *fixture, gconstpointer data);

void bus_fixture_tear_down (BusFixture *fixture, gconstpointer data);

GDBusConnection *bus_fixture_connect (BusFixture *fixture);

void bus_fixture_disconnect (GDBusConnection *client);

GVariant *bus_fixture_call_from (GDBusConnection *client,
                                 const char *method,
                                 GVariant *arguments,
                                 GError **error);

GVariant *bus_fixture_call (BusFixture *fixture, const char *method, GVariant *arguments);

void bus_fixture_assert_done (BusFixture *fixture, const char *method, GVariant *arguments);

/* All of them, an `a{sv}`: (transfer full). */
GVariant *bus_fixture_get_properties (BusFixture *fixture);

void bus_fixture_assert_sent (BusFixture *fixture,
                              const char *method,
                              GVariant *arguments,
                              guint receivers,
                              guint remotes);

void bus_fixture_assert_fails (BusFixture *fixture,
                               const char *method,
                               GVariant *arguments,
                               const char *error_name);

guint bus_fixture_count_members (BusFixture *fixture, const char *group);

/* Puts the fixture's WebSocket into a group, and takes it out. */
void bus_fixture_join_member (BusFixture *fixture, const char *group);
void bus_fixture_leave_member (BusFixture *fixture, const char *group);

/* The arguments of a SendMany of so many short texts to one group: floating. */
GVariant *bus_fixture_make_pairs (const char *group, guint n);

/* A chat message that GVariant takes @size bytes for: (transfer full). */
GVariant *bus_fixture_make_event (gsize size);

BusInbox *bus_inbox_new (GDBusConnection *client);

void bus_inbox_free (BusInbox *inbox);

/* The event (transfer full), and in @out_group (nullable) (transfer none) its group, of signal
 * @index. */
GVariant *bus_inbox_get (BusInbox *inbox, guint index, const char **out_group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BusInbox, bus_inbox_free)

G_END_DECLS
