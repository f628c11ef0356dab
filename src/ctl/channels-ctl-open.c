/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-error.h"
#include "channels-ctl-text.h"

#include <glib/gi18n.h>

/* The groups that the page shows are those of the default routes: chat_ROOM. */
#define CHAT_PREFIX "chat_"

/* (nullable): the page's URL for a group */
static char *
build_url (const char *page, const char *group, GError **error)
{
  g_autofree char *room = NULL;

  if (*page == '\0')
    {
      g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                           _ ("the service has no page: it listens on no address"));
      return NULL;
    }
  if (group == NULL)
    return g_strdup (page);
  if (!g_str_has_prefix (group, CHAT_PREFIX) || group[strlen (CHAT_PREFIX)] == '\0')
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("the page shows groups named chat_ROOM, and “%s” is none"), group);
      return NULL;
    }

  room = g_uri_escape_string (group + strlen (CHAT_PREFIX), NULL, FALSE);
  return g_strdup_printf ("%s#%s", page, room);
}

static gboolean
launch (const char *url, GError **error)
{
  g_autoptr (GError) launch_error = NULL;

  if (g_app_info_launch_default_for_uri (url, NULL, &launch_error))
    return TRUE;

  if (g_error_matches (launch_error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                 _ ("there is no web browser here to open %s in"), url);
  else
    g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                 _ ("no web browser could be started for %s: %s"), url, launch_error->message);

  return FALSE;
}

static gboolean
print_url (ChannelsCtlContext *context, const char *url, gboolean json, GError **error)
{
  g_autofree char *escaped = NULL;
  g_autofree char *line = NULL;

  if (json)
    {
      GVariantBuilder answer = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

      g_variant_builder_add (&answer, "{sv}", "url", g_variant_new_string (url));
      return channels_ctl_context_print_json (context, g_variant_builder_end (&answer), error);
    }

  escaped = channels_ctl_text_escape (url);
  line = g_strconcat (escaped, "\n", NULL);
  return channels_ctl_context_print (context, line, error);
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean print = FALSE;
  gboolean json = FALSE;
  const GOptionEntry options[] = {
    { "print", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &print,
      N_ ("Print the address instead of opening it"), NULL },
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GVariant) properties = NULL;
  g_autofree char *url = NULL;
  const char *page = "";

  if (!channels_ctl_command_parse (&channels_ctl_open, argv, options, &arguments, error))
    return FALSE;

  properties = channels_ctl_context_get_properties (context, error);
  if (properties == NULL)
    return FALSE;

  g_variant_lookup (properties, "Url", "&s", &page);
  url = build_url (page, arguments[0], error);

  if (url == NULL || (!print && !launch (url, error)))
    return FALSE;

  return (!print && !json) || print_url (context, url, json, error);
}

const ChannelsCtlCommand channels_ctl_open = {
  .name = "open",
  .arguments = N_ ("[GROUP]"),
  .summary = N_ ("Open the service's page, or a room of it, in the web browser"),
  .n_arguments_max = 1,
  .completes = CHANNELS_CTL_COMPLETES_GROUP,
  .run = run,
};
