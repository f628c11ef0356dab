/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>
#include <locale.h>

static void
on_event_received (GDBusProxy *channels, char *sender, char *signal, GVariant *group_and_event)
{
  g_autoptr (GVariant) event = g_variant_get_child_value (group_and_event, 1);
  const char *message;

  if (g_variant_lookup (event, "message", "&s", &message))
    g_print ("%s\n", message);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusProxy) channels = g_dbus_proxy_new_for_bus_sync (
      G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE, NULL, "org.example.Channels",
      "/org/example/Channels", "org.example.Channels", NULL, &error);

  setlocale (LC_ALL, ""); /* g_print () writes in its character set */
  if (channels == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  g_signal_connect (channels, "g-signal::EventReceived", G_CALLBACK (on_event_received), NULL);
  g_dbus_proxy_call (channels, "Subscribe", g_variant_new ("(s)", "chat_chat_room"),
                     G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  g_dbus_proxy_call (channels, "SendToGroup",
                     g_variant_new ("(ss)", "chat_chat_room", "hello from C"),
                     G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
}
