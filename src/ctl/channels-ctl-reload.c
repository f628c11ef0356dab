/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-address.h"
#include "channels-ctl-command.h"
#include "channels-ctl-doctor.h"
#include "channels-ctl-error.h"
#include "channels-ctl-text.h"

#include "channels-names.h"
#include "channels-secret.h"

#include <glib/gi18n.h>

/* What may be seen to have changed: the property, its key in JSON, its title. */
static const struct
{
  const char *property;
  const char *key;
  const char *title;
} changes[] = {
  { "WebSocketUrl", "websocket_url", N_ ("WebSocket:") },
  { "Layer", "layer", N_ ("Layer:") },
};

static const char *
get (GVariant *properties, const char *name)
{
  const char *value = "";

  g_variant_lookup (properties, name, "&s", &value);
  return value;
}

/* As a human reads it: (transfer full). */
static char *
show (GVariant *properties, const char *name)
{
  const char *value = get (properties, name);

  return *value != '\0' ? channels_ctl_text_escape (value) : g_strdup ("–");
}

static gboolean
has_changed (GVariant *before, GVariant *after, guint i)
{
  return !g_str_equal (get (before, changes[i].property), get (after, changes[i].property));
}

/* Where a configuration without mistakes has the service listen: (transfer full) (nullable). */
static GStrv
read_listen (const ChannelsCtlDaemon *daemon)
{
  g_autofree char *path = channels_ctl_daemon_find_config (daemon);
  g_autoptr (GKeyFile) config = g_key_file_new ();
  GStrv listen = NULL;

  /* What comes through a pipe was read already. */
  if (path != NULL && !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return NULL;

  /* There may be passwords in it. */
  channels_secret_hide_memory (TRUE);
  if (path == NULL || g_key_file_load_from_file (config, path, G_KEY_FILE_NONE, NULL))
    listen = channels_ctl_address_list (daemon, config);
  g_clear_pointer (&config, g_key_file_unref);
  channels_secret_hide_memory (FALSE);

  return listen;
}

static gboolean
listens_on (const char *url, char **listen)
{
  gboolean all = channels_ctl_address_may_be_listed (url, listen);

  for (guint i = 0; all && listen[i] != NULL; i++)
    all = channels_ctl_address_answers (listen[i], NULL);

  return all;
}

/* Another `Listen=` is not taken over. The service does not say so on the bus, and its doctor can
 * tell: (transfer full) (nullable), where it will listen. */
static GStrv
find_next_listen (ChannelsDBusChannels *proxy, GVariant *properties)
{
  g_auto (ChannelsCtlDoctor) doctor = { 0 };
  g_auto (GStrv) listen = NULL;

  doctor.findings = channels_ctl_findings_new ();
  doctor.bus = g_object_ref (g_dbus_proxy_get_connection (G_DBUS_PROXY (proxy)));
  channels_ctl_check_units (&doctor);
  channels_ctl_check_service (&doctor);
  /* The command line, and sockets that systemd holds, stand in the place of the file's. */
  if (doctor.pid == 0 || doctor.socket_active || doctor.daemon.listen != NULL ||
      !channels_ctl_daemon_may_find_config (&doctor.daemon, doctor.pid))
    return NULL;

  listen = read_listen (&doctor.daemon);
  if (listen == NULL || listens_on (get (properties, "Url"), listen))
    return NULL;

  return g_steal_pointer (&listen);
}

static gboolean
print_json (ChannelsCtlContext *context,
            GVariant *before,
            GVariant *after,
            char **next_listen,
            GError **error)
{
  GVariantBuilder changed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  GVariantBuilder answer = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      if (has_changed (before, after, i))
        g_variant_builder_add (&changed, "{sv}", changes[i].key,
                               g_variant_new_string (get (after, changes[i].property)));
    }
  g_variant_builder_add (&answer, "{sv}", "reloaded", g_variant_new_boolean (TRUE));
  g_variant_builder_add (&answer, "{sv}", "changed", g_variant_builder_end (&changed));
  if (next_listen != NULL)
    g_variant_builder_add (&answer, "{sv}", "next_listen",
                           g_variant_new_strv ((const char *const *) next_listen, -1));

  return channels_ctl_context_print_json (context, g_variant_builder_end (&answer), error);
}

static gboolean
print_text (ChannelsCtlContext *context,
            GVariant *before,
            GVariant *after,
            char **next_listen,
            GError **error)
{
  g_autoptr (GString) text = g_string_new (_ ("The configuration is taken over"));

  g_string_append_c (text, '\n');
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *old = show (before, changes[i].property);
      g_autofree char *new = show (after, changes[i].property);

      if (has_changed (before, after, i))
        g_string_append_printf (text, "%s %s → %s\n", _ (changes[i].title), old, new);
    }
  if (next_listen != NULL)
    {
      g_autofree char *words = g_strjoinv (";", next_listen);
      g_autofree char *shown = channels_ctl_text_escape (words);

      g_string_append_printf (text, _ ("Listen=%s holds from the next start on"), shown);
      g_string_append_c (text, '\n');
    }

  return channels_ctl_context_print (context, text->str, error);
}

/* One that does not run reads its file when it starts: it is not started for that. */
static gboolean
check_runs (GDBusConnection *connection, GError **error)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "NameHasOwner", g_variant_new ("(s)", CHANNELS_BUS_NAME), G_VARIANT_TYPE ("(b)"),
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
  gboolean runs;

  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(b)", &runs);
  if (!runs)
    g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                         _ ("channelsd does not run: it reads its configuration when it starts"));
  return runs;
}

/* A file with mistakes is reported with a line for each. */
static gboolean
reload (ChannelsCtlContext *context, ChannelsDBusChannels *proxy, GError **error)
{
  g_autoptr (GError) call_error = NULL;
  g_auto (GStrv) mistakes = NULL;

  if (channels_dbus_channels_call_reload_sync (proxy, NULL, &call_error))
    return TRUE;

  if (!g_error_matches (call_error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_FILE_CONTENT))
    {
      g_propagate_error (error, g_steal_pointer (&call_error));
      return FALSE;
    }

  g_dbus_error_strip_remote_error (call_error);
  mistakes = g_strsplit (call_error->message, "\n", -1);
  for (guint i = 0; mistakes[i] != NULL; i++)
    channels_ctl_context_report (context, "%s", mistakes[i]);

  g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                       _ ("the configuration has mistakes, and nothing has changed"));
  return FALSE;
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json;
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GVariant) before = NULL;
  g_autoptr (GVariant) after = NULL;
  g_auto (GStrv) next_listen = NULL;
  ChannelsDBusChannels *proxy;

  if (!channels_ctl_command_parse_json (&channels_ctl_reload, argv, &json, &arguments, error))
    return FALSE;

  proxy = channels_ctl_context_get_proxy (context, error);
  if (proxy == NULL || !check_runs (g_dbus_proxy_get_connection (G_DBUS_PROXY (proxy)), error) ||
      (before = channels_ctl_context_get_properties (context, error)) == NULL ||
      !reload (context, proxy, error) ||
      (after = channels_ctl_context_get_properties (context, error)) == NULL)
    return FALSE;

  next_listen = find_next_listen (proxy, after);
  return json ? print_json (context, before, after, next_listen, error)
              : print_text (context, before, after, next_listen, error);
}

const ChannelsCtlCommand channels_ctl_reload = {
  .name = "reload",
  .summary = N_ ("Have the service read its configuration anew"),
  .run = run,
};
