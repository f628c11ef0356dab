/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-gate.h"

#include "channels-error.h"
#include "channels-names.h"

#include <gio/gunixfdlist.h>

/* What no handler would take is answered in GDBus's own thread. There it has been read already, up
 * to 128 MiB of it, while everybody else was served; handed on, its strings would be copied in the
 * main loop, and everybody else would wait. */

static gsize
get_room (const char *method)
{
  static const char *const senders[] = { "SendToGroup", "SendEventToGroup", "SendToChannel", NULL };

  return method != NULL && g_strv_contains (senders, method) ? CHANNELS_BUS_GATE_ROOM
                                                             : CHANNELS_BUS_GATE_ROOM_OTHERS;
}

static void
refuse (GDBusConnection *connection, GDBusMessage *message, const GError *error)
{
  g_autoptr (GDBusMessage) reply = NULL;
  g_autofree char *name = NULL;

  if (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    return;

  name = g_dbus_error_encode_gerror (error);
  reply = g_dbus_message_new_method_error_literal (message, name, error->message);
  g_dbus_connection_send_message (connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static gboolean
check_size (GDBusMessage *message, gsize event_size, GError **error)
{
  GVariant *body = g_dbus_message_get_body (message);
  const char *method = g_dbus_message_get_member (message);
  gsize size;

  if (body == NULL || g_strcmp0 (method, "SendMany") == 0)
    return TRUE;

  size = g_variant_get_size (body);
  if (size <= event_size + get_room (method))
    return TRUE;

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG,
               "%" G_GSIZE_FORMAT " bytes of arguments are more than the %" G_GSIZE_FORMAT
               " of EventSize",
               size, event_size);
  return FALSE;
}

/* They would stay open for as long as the call waits for its turn: browsers need them. */
static gboolean
check_descriptors (GDBusMessage *message, GError **error)
{
  if (g_dbus_message_get_unix_fd_list (message) == NULL)
    return TRUE;

  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "no method takes file descriptors");
  return FALSE;
}

/* Runs in GDBus's thread. */
static GDBusMessage *
filter (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  const gsize *event_size = user_data;
  g_autoptr (GError) error = NULL;

  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
      (check_size (message, *event_size, &error) && check_descriptors (message, &error)))
    return message;

  refuse (connection, message, error);
  g_object_unref (message);

  return NULL;
}

/**
 * channels_bus_gate_add:
 * @connection: a connection to a message bus
 * @event_size: bytes that one event may have
 *
 * Keeps calls with larger arguments from the main loop: they are answered with
 * `CHANNELS_ERROR_MESSAGE_TOO_BIG`. `SendMany` has as many events as it likes. So it does with
 * calls that bring file descriptors: `G_DBUS_ERROR_INVALID_ARGS`.
 *
 * Returns: what g_dbus_connection_remove_filter() takes
 */
guint
channels_bus_gate_add (GDBusConnection *connection, gsize event_size)
{
  return g_dbus_connection_add_filter (connection, filter,
                                       g_memdup2 (&event_size, sizeof event_size), g_free);
}
