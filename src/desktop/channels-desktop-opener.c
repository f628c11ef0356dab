/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-desktop-opener.h"

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL_OPEN_URI "org.freedesktop.portal.OpenURI"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* For one answer; either may be started by the question. */
#define ANSWER_MS 25000

/*
 * Opens a URL in the user's web browser.
 *
 * A browser must not be our child where we are confined: it would have our system calls, our share
 * of memory and our end. So whoever is asked first is the desktop's portal, which also knows what
 * to do with a token; then the service manager, which runs a command beside us. Only where we are
 * no unit of one do we start the browser ourselves, as `channelsctl open` does.
 */
typedef struct
{
  GDBusConnection *connection; /* (owned) */
  char *url;                   /* (owned) */
  char *token;                 /* (owned) (nullable) */
  char **command;              /* (owned) (nullable): where we are confined */
} Opening;

static void
opening_free (Opening *opening)
{
  g_object_unref (opening->connection);
  g_free (opening->url);
  g_free (opening->token);
  g_strfreev (opening->command);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

static void
tell_failure (const Opening *opening, const GError *error)
{
  g_message ("%s could not be opened: %s", opening->url, error->message);
}

static void
on_launched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_app_info_launch_default_for_uri_finish (result, &error))
    tell_failure (opening, error);
}

static void
launch (Opening *opening)
{
  g_autoptr (GAppLaunchContext) context = g_app_launch_context_new ();

  if (opening->token != NULL)
    {
      g_app_launch_context_setenv (context, "XDG_ACTIVATION_TOKEN", opening->token);
      g_app_launch_context_setenv (context, "DESKTOP_STARTUP_ID", opening->token);
    }
  g_app_info_launch_default_for_uri_async (opening->url, context, NULL, on_launched, opening);
}

static void
on_unit_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (opening->connection, result, &error);

  if (reply == NULL)
    tell_failure (opening, error);
}

static void
add_property (GVariantBuilder *properties, const char *name, GVariant *value)
{
  g_variant_builder_add (properties, "(sv)", name, value);
}

/* What the command starts lives longer than the command, and is not to end with it. */
static void
start_unit (Opening *opening)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strdup_printf ("channels-open-%s.service", uuid);
  g_auto (GStrv) environment = g_new0 (char *, 2);
  GVariantBuilder properties;

  if (opening->token != NULL)
    environment[0] = g_strconcat ("XDG_ACTIVATION_TOKEN=", opening->token, NULL);

  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  add_property (&properties, "Description", g_variant_new_string ("The page of a notification"));
  add_property (&properties, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  add_property (&properties, "KillMode", g_variant_new_string ("process"));
  add_property (&properties, "Environment",
                g_variant_new_strv ((const char *const *) environment, -1));
  add_property (
      &properties, "ExecStart",
      g_variant_new_parsed ("[(%s, %^as, false)]", opening->command[0], opening->command));

  g_dbus_connection_call (
      opening->connection, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartTransientUnit",
      g_variant_new ("(ssa(sv)a(sa(sv)))", name, "fail", &properties, NULL), G_VARIANT_TYPE ("(o)"),
      G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, on_unit_started, opening);
}

static void
on_portal_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (opening->connection, result, &error);

  if (reply != NULL)
    return;
  /* It may do so yet: not twice. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    {
      tell_failure (opening, error);
      return;
    }

  g_debug ("the desktop's portal does not open it: %s", error->message);
  if (opening->command != NULL)
    start_unit (g_steal_pointer (&opening));
  else
    launch (g_steal_pointer (&opening));
}

/**
 * channels_desktop_open:
 * @connection: to the session bus
 * @url: an `http` URL
 * @token: (nullable): lets the window come to the front
 * @command: (nullable) (array zero-terminated=1): a program, by its absolute path, and its
 *   arguments, that opens it when it is run beside us; `NULL` where we are not confined
 *
 * Opens @url in the user's web browser. What goes wrong is logged.
 */
void
channels_desktop_open (GDBusConnection *connection,
                       const char *url,
                       const char *token,
                       const char *const *command)
{
  Opening *opening = g_new0 (Opening, 1);
  GVariantBuilder options;

  opening->connection = g_object_ref (connection);
  opening->url = g_strdup (url);
  opening->token = g_strdup (token);
  opening->command = g_strdupv ((char **) command);

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (token != NULL)
    g_variant_builder_add (&options, "{sv}", "activation_token", g_variant_new_string (token));

  g_dbus_connection_call (connection, PORTAL, PORTAL_PATH, PORTAL_OPEN_URI, "OpenURI",
                          g_variant_new ("(ssa{sv})", "", url, &options), G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, on_portal_answered, opening);
}
